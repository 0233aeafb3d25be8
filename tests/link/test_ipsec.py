"""The rendered Libreswan connections and nftables ruleset, read by the real programs where they are."""

import itertools
import os
import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from link import ipsec, spec
from link.wanted import Tunnel

ROOT = Path(__file__).parents[2] / ".tools" / "image" / "root"
ELASTIC_IP = IPv4Address("198.51.100.10")
ONE = (Tunnel(number=1, peer=IPv4Address("203.0.113.4")),)
TWO = (*ONE, Tunnel(number=2, peer=IPv4Address("203.0.113.5")))

POLICIES = tuple(
    spec.IpsecPolicy(
        ike_encryption=ike_encryption,
        ike_integrity=ike_integrity,
        dh_group=dh_group,
        ipsec_encryption=ipsec_encryption,
        ipsec_integrity=spec.IpsecIntegrity(ipsec_encryption if ipsec_encryption.startswith("GCM") else "SHA256"),
        pfs_group=pfs_group,
    )
    for ike_encryption, ike_integrity, dh_group, ipsec_encryption, pfs_group in itertools.product(
        spec.IkeEncryption, spec.IkeIntegrity, spec.DhGroup, spec.IpsecEncryption, spec.PfsGroup
    )
)


def settings(conf: str, connection: str = "causeway-1") -> dict[str, str]:
    """The settings of one connection."""
    body = conf.split(f"conn {connection}\n", 1)[1].split("\n\nconn ", 1)[0]
    return dict(line.strip().split("=", 1) for line in body.splitlines() if line.strip())


@pytest.mark.parametrize(
    ("words", "ike", "esp"),
    [
        ({}, "aes256-sha2_256;modp2048", "aes_gcm256;modp2048"),
        ({"ike_encryption": "GCMAES128", "ike_integrity": "SHA384"}, "aes_gcm128-sha2_384;modp2048", None),
        ({"ike_encryption": "AES192", "dh_group": "ECP256"}, "aes192-sha2_256;dh19", None),
        ({"dh_group": "ECP384", "pfs_group": "ECP384"}, "aes256-sha2_256;dh20", "aes_gcm256;dh20"),
        ({"ipsec_encryption": "AES128", "ipsec_integrity": "SHA256"}, None, "aes128-sha2_256;modp2048"),
        ({"ipsec_encryption": "GCMAES192", "ipsec_integrity": "GCMAES192"}, None, "aes_gcm192;modp2048"),
        ({"pfs_group": "ECP256"}, None, "aes_gcm256;dh19"),
    ],
)
def test_azure_words_become_libreswan_words(words: dict[str, str], ike: str | None, esp: str | None) -> None:
    rendered = settings(ipsec.render_conf(ELASTIC_IP, ONE, spec.IpsecPolicy.model_validate(words)))
    assert ike in (None, rendered["ike"])
    assert esp in (None, rendered["esp"])


@pytest.mark.parametrize("sa_lifetime_s", [300, 3600, 27_000, 86_400])
def test_our_side_renews_before_azure_would(sa_lifetime_s: int) -> None:
    rendered = settings(ipsec.render_conf(ELASTIC_IP, ONE, spec.IpsecPolicy(sa_lifetime_s=sa_lifetime_s)))
    child_s, margin_s = (int(rendered[key].removesuffix("s")) for key in ("ipsec-lifetime", "rekeymargin"))
    assert child_s < sa_lifetime_s
    assert 0 < 2 * margin_s < child_s  # rekeyfuzz=100%
    assert int(rendered["ikelifetime"].removesuffix("s")) < 28_800


@pytest.mark.parametrize("dpd_timeout_s", [9, 45, 3600])
@pytest.mark.parametrize("tunnels", [ONE, TWO], ids=["one", "two"])
def test_a_dead_peer_is_noticed_here_first(tunnels: tuple[Tunnel, ...], dpd_timeout_s: int) -> None:
    rendered = settings(ipsec.render_conf(ELASTIC_IP, tunnels, spec.IpsecPolicy(dpd_timeout_s=dpd_timeout_s)))
    delay_s, timeout_s = (int(rendered[key].removesuffix("s")) for key in ("dpddelay", "retransmit-timeout"))
    assert delay_s >= 1
    assert delay_s + timeout_s < dpd_timeout_s


def test_a_second_tunnel_changes_of_the_first_only_how_often_its_peer_is_asked() -> None:
    one, both = (ipsec.render_conf(ELASTIC_IP, tunnels, spec.IpsecPolicy()) for tunnels in (ONE, TWO))
    assert settings(both) == {**settings(one), "dpddelay": "1s"}
    assert settings(one)["dpddelay"] == "5s"
    assert settings(both, "causeway-2")["dpddelay"] == "1s"
    assert settings(both, "causeway-2")["ipsec-interface"] == "2"
    assert settings(both)["overlapip"] == settings(both, "causeway-2")["overlapip"] == "yes"


def libreswan(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of the image's Libreswan 5.2 with its own loader and libraries; needs neither root nor chroot."""
    program = ROOT / "usr/libexec/ipsec" / arguments[0]
    loader = ROOT / "usr/lib64/ld-linux-x86-64.so.2"
    if not program.exists():
        pytest.skip("the gateway's image is not built; `make rehearse` builds it, then Libreswan 5.2 reads these files")
    libraries = ":".join(str(ROOT / "usr/lib" / part) for part in ("x86_64-linux-gnu", "x86_64-linux-gnu/nss"))
    command = [str(loader), "--library-path", libraries, str(program), *arguments[1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("tunnels", [ONE, TWO], ids=["one", "two"])
def test_libreswan_reads_every_policy_without_a_word(tunnels: tuple[Tunnel, ...], tmp_path: Path) -> None:
    confs = (ipsec.render_conf(ELASTIC_IP, tunnels, policy) for policy in POLICIES)
    file = tmp_path / "all.conf"
    file.write_text("\n".join(conf.replace("conn ", f"conn policy-{n}-") for n, conf in enumerate(confs)))
    done = libreswan("addconn", "--config", str(file), "--checkconfig")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_libreswan_would_complain_of_a_wrong_setting(tmp_path: Path) -> None:
    file = tmp_path / "wrong.conf"
    file.write_text(ipsec.render_conf(ELASTIC_IP, ONE, spec.IpsecPolicy()) + "    forceencaps=yes\n")
    done = libreswan("addconn", "--config", str(file), "--checkconfig")
    assert done.returncode != 0


def test_libreswan_knows_every_proposal() -> None:
    ike = sorted({f"ike={ipsec.ike_proposal(policy)}" for policy in POLICIES})
    esp = sorted({f"esp={ipsec.esp_proposal(policy)}" for policy in POLICIES})
    done = libreswan("algparse", "-v2", *ike, *esp)
    assert done.returncode == 0, done.stderr
    assert libreswan("algparse", "-v2", "esp=aes_gcm256;modp1024").returncode != 0


def nft(ruleset: str) -> subprocess.CompletedProcess[str]:
    """Lets the machine's nft read a ruleset in a namespace of its own, as nobody."""
    if not shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin") or not shutil.which("unshare"):
        pytest.skip("this machine has no nft or no unshare; with both, nft reads the ruleset")
    command = ["unshare", "--map-root-user", "--net", "nft", "--check", "--file", "-"]
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    return subprocess.run(
        command, input=ruleset, capture_output=True, text=True, timeout=20, check=False, env=environment
    )


@pytest.mark.parametrize("tunnels", [ONE, TWO], ids=["one", "two"])
def test_nft_reads_the_ruleset_also_with_prefixes_inside_each_other(tunnels: tuple[Tunnel, ...]) -> None:
    nested = (IPv4Network("10.0.0.0/16"), IPv4Network("10.0.1.0/24"), IPv4Network("172.16.0.0/12"))
    ruleset = ipsec.render_nftables(tunnels, (IPv4Network("10.101.0.0/16"),), nested)
    done = nft(ruleset)
    if "Operation not permitted" in done.stderr:
        pytest.skip("this machine lets only root make network namespaces; as root, nft reads the ruleset")
    assert (done.returncode, done.stderr) == (0, "")
    assert nft(ruleset.replace("maxseg", "maxsegment")).returncode != 0


def test_the_ruleset_names_what_may_pass_and_drops_the_rest() -> None:
    ruleset = ipsec.render_nftables(TWO, (IPv4Network("10.101.0.0/16"),), (IPv4Network("10.0.0.0/16"),))
    forward = ruleset.split("chain forward {")[1].split("}\n\n")[0]
    accepted = [line.strip() for line in forward.splitlines() if line.endswith("accept")]
    tunnels = '{ "ipsec1", "ipsec2" }'
    assert "policy drop" in forward
    assert accepted == [
        f"iifname != {tunnels} oifname {tunnels} ip saddr {{ 10.101.0.0/16 }} ip daddr {{ 10.0.0.0/16 }} accept",
        f"iifname {tunnels} oifname != {tunnels} ip saddr {{ 10.0.0.0/16 }} ip daddr {{ 10.101.0.0/16 }} accept",
    ]
    assert "udp dport { 500, 4500 } counter name outer_in accept" in ruleset
    assert "203.0.113.4, 203.0.113.5" in ruleset
