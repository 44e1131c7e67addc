"""Platform tokens encrypted at rest with keys that can be rotated; secrets struck out of every text."""

import os
import re
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from sophia.errors import ConfigurationError

KEY_FILE = "key"
STRUCK_OUT = "[secret]"

# Shapes of secrets that Meta and Sophia hand out. The last line of defence: no code should print one in the first place.
SECRET_SHAPES = re.compile(
    r"""(?xi)
    (?P<named>(?:access_token|input_token|fb_exchange_token|client_secret|appsecret_proof|authorization|api[-_]key)
        (?:["']?\s*[=:]\s*["']?)(?:bearer\s+)?)[^\s&"',}]+
    | \bEAA[A-Za-z0-9]{20,}
    | \bsophia_[a-z0-9]{8}_[A-Za-z0-9_-]{20,}
    """
)


def strike_out(text: str) -> str:
    """The text with everything that looks like a token, key or application secret replaced."""
    return SECRET_SHAPES.sub(lambda match: f"{match.group('named') or ''}{STRUCK_OUT}", text)


class Vault:
    """Encrypts with the first key, decrypts with any, so that old tokens stay readable while keys are rotated."""

    def __init__(self, keys: list[str]) -> None:
        """Raises ConfigurationError when a key is not one that `Fernet.generate_key` could have made."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError):
            raise ConfigurationError(
                "SOPHIA_ENCRYPTION_KEY is not a key: 32 random bytes in URL-safe base64, as `sophia key encryption` prints"
            ) from None

    def encrypt(self, token: SecretStr) -> str:
        return self._fernet.encrypt(token.get_secret_value().encode()).decode()

    def decrypt(self, text: str) -> SecretStr:
        """Raises ConfigurationError when none of the keys fits."""
        try:
            return SecretStr(self._fernet.decrypt(text.encode()).decode())
        except InvalidToken:
            raise ConfigurationError(
                "The stored tokens were encrypted with another key. Put that key back: SOPHIA_ENCRYPTION_KEY, "
                "or the file named key in the data folder (SOPHIA_DATA_DIR). Or connect the accounts again."
            ) from None


def open_vault(encryption_key: SecretStr | None, data_dir: Path) -> Vault:
    """The vault of this installation; makes a key file that only its owner can read when there is no key yet."""
    if encryption_key is not None:
        return Vault([part.strip() for part in encryption_key.get_secret_value().split(",") if part.strip()])
    path = data_dir / KEY_FILE
    if not path.exists():
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            make_key_file(path)
        except OSError as error:
            raise ConfigurationError(f"SOPHIA_DATA_DIR: no key can be kept in {data_dir} ({error.strerror})") from None
    return Vault(path.read_text().split())


def make_key_file(path: Path) -> None:
    """A key that only its owner can read. Of two processes that start at once one wins, and no half-written key is seen."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
