"""What a row of pings tells: how many were lost, and for how long nothing was answered."""

from rehearsal import traffic

# iputils 20221126, `ping -n -D -i 0.1`: request 3 was never answered, 5 was sent after the summary.
ANSWERS = """PING 10.0.1.10 (10.0.1.10) 56(84) bytes of data.
[100.100000] 64 bytes from 10.0.1.10: icmp_seq=1 ttl=61 time=4.05 ms
[100.200000] 64 bytes from 10.0.1.10: icmp_seq=2 ttl=61 time=3.66 ms
[100.300000] From 10.101.1.1 icmp_seq=3 Destination Host Unreachable
[100.900000] 64 bytes from 10.0.1.10: icmp_seq=4 ttl=61 time=3.98 ms
[101.000000] 64 bytes from 10.0.1.10: icmp_seq=5 ttl=61 time=3.98 ms
"""
SUMMARY = "\r3/4 packets, 25% loss, min/avg/ewma/max = 3.660/3.896/4.050/4.050 ms"


def test_lost_pings_and_the_longest_gap_are_counted() -> None:
    assert traffic.count(ANSWERS, SUMMARY, 100.05, 101.0) == traffic.Pings(sent=4, lost=1, gap_s=0.7)


def test_an_outage_that_lasts_to_the_end_is_a_gap() -> None:
    assert traffic.count(ANSWERS, "\r3/20 packets, 85% loss", 100.05, 103.0) == traffic.Pings(20, 16, 2.0)


def test_without_any_answer_all_of_it_is_a_gap() -> None:
    assert traffic.count("", "\r0/7 packets, 100% loss", 100.0, 100.7) == traffic.Pings(7, 7, 0.7)
