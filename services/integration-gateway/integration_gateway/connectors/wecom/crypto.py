"""Encryption and signature of WeCom callbacks (WXBizMsgCrypt, developer.work.weixin.qq.com/document/path/90968)."""

import base64
import binascii
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32  # WeCom pads to 32 bytes although AES works on 16


class CallbackRefused(Exception):
    """A callback's signature, padding or receiver is wrong."""


class CallbackCrypto:
    """One app's callback keys; `receive_id` is the corp id for a company's own app."""

    def __init__(self, *, token: str, aes_key: str, receive_id: str):
        try:
            self._key = base64.b64decode(aes_key + "=", validate=True)
        except binascii.Error:
            self._key = b""
        if len(self._key) != 32:
            raise ValueError("EncodingAESKey must be 43 letters and digits")
        self._token = token
        self._receive_id = receive_id

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """SHA-1 over the sorted token, timestamp, nonce and cipher text, in hex."""
        text = "".join(sorted((self._token, timestamp, nonce, encrypted)))
        return hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - the protocol says so

    def open(self, *, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """The plain text of a callback; CallbackRefused unless signature and receiver are right."""
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted).encode(), signature.encode()):
            raise CallbackRefused("signature")
        try:
            sealed = base64.b64decode(encrypted, validate=True)
            decryptor = self._cipher().decryptor()
            padded = decryptor.update(sealed) + decryptor.finalize()
        except ValueError:
            raise CallbackRefused("cipher text") from None
        padding = padded[-1] if padded else 0
        if not 1 <= padding <= BLOCK or len(padded) < 20 + padding:
            raise CallbackRefused("padding")
        content = padded[16:-padding]
        length = int.from_bytes(content[:4])
        message, receiver = content[4 : 4 + length], content[4 + length :]
        if not hmac.compare_digest(receiver, self._receive_id.encode()):
            raise CallbackRefused("receiver")
        return message.decode()

    def seal(self, message: str, *, timestamp: str, nonce: str) -> tuple[str, str]:
        """Encrypt an answer; returns cipher text and signature."""
        text = message.encode()
        plain = secrets.token_bytes(16) + len(text).to_bytes(4) + text + self._receive_id.encode()
        padding = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        encrypted = base64.b64encode(sealed).decode()
        return encrypted, self.sign(timestamp, nonce, encrypted)

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))
