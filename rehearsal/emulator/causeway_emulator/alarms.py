"""Alarms as CloudWatch evaluates them: each minute, over whole minutes; and the event of a changed state.

LocalEmu 1.3.2 evaluates once in all the periods of an alarm together, counts breaches that are older than those, and
tells EventBridge nothing. "Using Amazon CloudWatch alarms" of the user guide says what missing data mean.
"""

import datetime
import json
import operator
import threading
import time
from typing import Any

from localemu.aws.connect import connect_to
from localemu.services.cloudwatch.alarm_scheduler import AlarmScheduler
from localemu.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase
from localemu.services.cloudwatch.models import LocalEmuMetricAlarm, cloudwatch_stores
from localemu.services.cloudwatch.provider_v2 import CloudwatchProvider, create_metric_data_query_from_alarm
from localemu.utils.patch import patch

BREACHES = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
STATE = ("StateValue", "StateReason", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
LATE_S = 2  # after a whole minute, for what was put in its last moment
Alarm = dict[str, Any]
Values = list[float | None]  # one a period, the newest first


def mend() -> None:
    AlarmScheduler.schedule_metric_alarm = lambda self, alarm_arn: None
    CloudwatchDatabase._get_ordered_dimensions_with_separator = dimensions_text
    CloudwatchProvider.on_before_start = lambda self: threading.Thread(target=run, daemon=True).start()

    @patch(CloudwatchProvider._update_state)
    def _update_state(original: Any, self: Any, context: Any, alarm: Any, *args: Any, **kwargs: Any) -> None:
        before = state_of(alarm.alarm)
        original(self, context, alarm, *args, **kwargs)
        if isinstance(alarm, LocalEmuMetricAlarm):
            tell(alarm, before)

    @patch(CloudwatchProvider.put_metric_alarm)
    def put_metric_alarm(original: Any, self: Any, context: Any, request: Any) -> None:
        """An alarm that is changed keeps its state (PutMetricAlarm in the API reference)."""
        alarms = self.get_store(context.account_id, context.region).alarms
        before = {found.alarm["AlarmName"]: found.alarm for found in alarms.values()}.get(request["AlarmName"])
        original(self, context, request)
        if before:
            after = next(found.alarm for found in alarms.values() if found.alarm["AlarmName"] == request["AlarmName"])
            after.update({name: before[name] for name in STATE})


def dimensions_text(self: Any, dimensions: list[dict[str, str]] | None, for_search: bool = False) -> str | None:
    """As LocalEmu's, but a search for Link=one does not find Link=one-more."""
    parts = [
        f"{found['Name']}={found.get('Value', '')}\t" for found in sorted(dimensions or [], key=lambda d: d["Name"])
    ]
    return ("%" + "%".join(parts) + "%" if for_search else "".join(parts)) if parts else None


def run() -> None:
    while True:
        time.sleep(60 - (time.time() - LATE_S) % 60)
        for _, _, store in cloudwatch_stores.iter_stores():
            for alarm in list(store.alarms.values()):
                if isinstance(alarm, LocalEmuMetricAlarm) and alarm.alarm.get("Statistic"):
                    evaluate(alarm)


def evaluate(alarm: LocalEmuMetricAlarm) -> None:
    client = connect_to(aws_access_key_id=alarm.account_id, region_name=alarm.region).cloudwatch
    values = read(client, alarm.alarm, int(time.time() // 60 * 60))
    state = judged(alarm.alarm, values)
    if state not in (None, alarm.alarm["StateValue"]):
        said = ["none" if value is None else f"{value:g}" for value in values]
        reason = f"Threshold Crossed: the datapoints, the newest first, were {', '.join(said)}."
        reason_data = json.dumps({"queryDate": stamp(datetime.datetime.now(datetime.UTC))})
        client.set_alarm_state(
            AlarmName=alarm.alarm["AlarmName"], StateValue=state, StateReason=reason, StateReasonData=reason_data
        )


def read(client: Any, alarm: Alarm, end: int) -> Values:
    """More periods than the alarm has, as CloudWatch does; how many more is not documented beyond its example (2)."""
    period, count = alarm["Period"], alarm["EvaluationPeriods"] + max(alarm["EvaluationPeriods"] // 3, 2)
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions")}
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": period, "Stat": alarm["Statistic"]}}
    found = client.get_metric_data(MetricDataQueries=[query], StartTime=end - period * count, EndTime=end)
    [result] = found["MetricDataResults"]
    by_time = {int(at.timestamp()): value for at, value in zip(result["Timestamps"], result["Values"], strict=True)}
    return [by_time.get(end - period * number) for number in range(1, count + 1)]


def judged(alarm: Alarm, values: Values) -> str | None:
    """The state by the table in "Configuring how CloudWatch alarms treat missing data"; None leaves it."""
    breaches, periods = BREACHES[alarm["ComparisonOperator"]], alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm") or periods
    breaching = [breaches(value, alarm["Threshold"]) for value in values if value is not None][:periods]
    missing = periods - len(breaching)
    treat = alarm.get("TreatMissingData") or "missing"
    if missing and treat in ("breaching", "notBreaching"):
        breaching += [treat == "breaching"] * missing
    elif missing and treat == "ignore" and (not breaching or all(breaching)):
        return None
    elif not breaching:
        return "INSUFFICIENT_DATA"
    elif missing and all(breaching):
        oldest = max(number for number, value in enumerate(values, 1) if value is not None)
        return "ALARM" if oldest >= needed else "OK"
    return "ALARM" if sum(breaching) >= needed else "OK"


def state_of(alarm: Alarm) -> dict[str, Any]:
    at = stamp(alarm["StateUpdatedTimestamp"].astimezone(datetime.UTC))
    return {"value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": at}


def stamp(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


def tell(alarm: LocalEmuMetricAlarm, before: dict[str, Any]) -> None:
    """CloudWatch Alarm State Change; the form is of "Alarm events and EventBridge" of the user guide."""
    metrics = create_metric_data_query_from_alarm(alarm) if alarm.alarm.get("MetricName") else []
    for query in metrics:
        metric = query["metricStat"]["metric"]
        metric["dimensions"] = {found["Name"]: found["Value"] for found in metric["dimensions"] or []}
    detail = {
        "alarmName": alarm.alarm["AlarmName"],
        "state": state_of(alarm.alarm),
        "previousState": before,
        "configuration": {"description": alarm.alarm.get("AlarmDescription"), "metrics": metrics},
    }
    event = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm.alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }
    connect_to(aws_access_key_id=alarm.account_id, region_name=alarm.region).events.put_events(Entries=[event])
