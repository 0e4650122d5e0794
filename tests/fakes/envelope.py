"""Sealing of WeCom callbacks as the platform does it; written apart from the gateway's, checked against wechatpy."""

import os
from base64 import b64decode, b64encode
from hashlib import sha1
from struct import pack

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC


def seal(xml: str, *, aes_key: str, token: str, receiver: str, timestamp: str, nonce: str) -> tuple[str, str]:
    """Cipher text and msg_signature."""
    key = b64decode(aes_key + "=")
    payload = os.urandom(16) + pack("!I", len(xml.encode())) + xml.encode() + receiver.encode()
    fill = 32 - (len(payload) % 32)
    sealer = Cipher(AES256(key), CBC(key[0:16])).encryptor()
    text = b64encode(sealer.update(payload + bytes((fill,)) * fill) + sealer.finalize()).decode("ascii")
    pieces = [token, timestamp, nonce, text]
    pieces.sort()
    return text, sha1("".join(pieces).encode("utf-8")).hexdigest()
