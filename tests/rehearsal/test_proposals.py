"""Azure's names of algorithms and the proposals that strongSwan makes of them."""

import pytest

from rehearsal import proposals


@pytest.mark.parametrize(
    ("encryption", "integrity", "group", "proposal"),
    [
        ("GCMAES256", "SHA384", "ECP384", "aes256gcm16-prfsha384-ecp384"),
        ("GCMAES128", "SHA256", "ECP256", "aes128gcm16-prfsha256-ecp256"),
        ("AES256", "SHA256", "DHGroup14", "aes256-sha256-modp2048"),
        ("AES256", "SHA256", "DHGroup2048", "aes256-sha256-modp2048"),
        ("AES192", "SHA384", "DHGroup24", "aes192-sha384-modp2048s256"),
        ("AES128", "SHA1", "DHGroup2", "aes128-sha1-modp1024"),
        ("AES128", "MD5", "DHGroup1", "aes128-md5-modp768"),
    ],
)
def test_an_ike_policy_becomes_one_proposal(encryption: str, integrity: str, group: str, proposal: str) -> None:
    assert proposals.ike(encryption, integrity, group) == proposal


@pytest.mark.parametrize(
    ("encryption", "integrity", "group", "proposal"),
    [
        ("GCMAES256", "GCMAES256", "PFS2048", "aes256gcm16-modp2048"),
        ("GCMAES192", "GCMAES192", "PFS24", "aes192gcm16-modp2048s256"),
        ("GCMAES128", "GCMAES128", "None", "aes128gcm16"),
        ("AES256", "SHA256", "ECP384", "aes256-sha256-ecp384"),
        ("AES192", "SHA1", "ECP256", "aes192-sha1-ecp256"),
        ("AES128", "MD5", "PFS2", "aes128-md5-modp1024"),
        ("DES3", "SHA1", "PFS1", "3des-sha1-modp768"),
        ("DES", "MD5", "None", "des-md5"),
        ("None", "SHA256", "PFS14", "null-sha256-modp2048"),
    ],
)
def test_an_ipsec_policy_becomes_one_proposal(encryption: str, integrity: str, group: str, proposal: str) -> None:
    assert proposals.esp(encryption, integrity, group) == proposal


def test_ike_without_a_group_or_a_cipher_is_refused() -> None:
    with pytest.raises(proposals.Unsupported):
        proposals.ike("AES256", "SHA256", "None")
    with pytest.raises(proposals.Unsupported):
        proposals.ike("None", "SHA256", "DHGroup14")


def test_a_combined_mode_cipher_with_another_integrity_algorithm_is_refused() -> None:
    with pytest.raises(proposals.Unsupported):
        proposals.esp("GCMAES256", "SHA256", "PFS2048")
