"""Azure's names of IPsec algorithms as strongSwan proposals. Pure.

Azure: "About cryptographic requirements and Azure VPN gateways"; strongSwan: "IKEv2 Cipher Suites".
"""

ENCRYPTION = {
    "GCMAES256": "aes256gcm16",
    "GCMAES192": "aes192gcm16",
    "GCMAES128": "aes128gcm16",
    "AES256": "aes256",
    "AES192": "aes192",
    "AES128": "aes128",
    "DES3": "3des",
    "DES": "des",
    "None": "null",
}
INTEGRITY = {"SHA384": "sha384", "SHA256": "sha256", "SHA1": "sha1", "MD5": "md5"}
GROUP = {
    "DHGroup24": "modp2048s256",
    "PFS24": "modp2048s256",
    "ECP384": "ecp384",
    "ECP256": "ecp256",
    "DHGroup14": "modp2048",
    "DHGroup2048": "modp2048",
    "PFS14": "modp2048",
    "PFS2048": "modp2048",
    "DHGroup2": "modp1024",
    "PFS2": "modp1024",
    "DHGroup1": "modp768",
    "PFS1": "modp768",
}


class Unsupported(Exception):
    """Azure has the name, but an IKEv2 peer cannot run it."""


def ike(encryption: str, integrity: str, dh_group: str) -> str:
    """The IKE proposal; a combined-mode cipher takes the integrity algorithm as its PRF (RFC 5282)."""
    if dh_group == "None":
        raise Unsupported("IKEv2 has no key exchange without a Diffie-Hellman group (RFC 7296, 3.3.3)")
    if encryption == "None":
        raise Unsupported("IKEv2 is always encrypted (RFC 7296, 3.3.3)")
    hash_name = INTEGRITY[integrity]
    middle = f"prf{hash_name}" if encryption.startswith("GCM") else hash_name
    return f"{ENCRYPTION[encryption]}-{middle}-{GROUP[dh_group]}"


def esp(encryption: str, integrity: str, pfs_group: str) -> str:
    """The proposal of a child SA; Azure wants the same name twice for a combined-mode cipher."""
    parts = [ENCRYPTION[encryption]]
    if encryption.startswith("GCM"):
        if integrity != encryption:
            raise Unsupported(f"{encryption} takes itself as integrity algorithm, not {integrity}")
    else:
        parts.append(INTEGRITY[integrity])
    if pfs_group != "None":
        parts.append(GROUP[pfs_group])
    return "-".join(parts)
