"""Platform tokens encrypted at rest with keys that can be rotated; secrets struck out of every text."""

import os
import re
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from sophia.errors import ConfigurationError

log = structlog.get_logger(__name__)

KEY_FILE = "key"
STRUCK_OUT = "[secret]"
SETTING = "SOPHIA_ENCRYPTION_KEY"
# A shorter secret may be a word, such as the password of a database on a developer's machine, and would be struck out
# of every sentence that has it.
SHORTEST_REMEMBERED = 12

# Shapes of secrets that Meta and Sophia hand out. The last line of defence: no code should print one in the first place.
SECRET_SHAPES = re.compile(
    r"""(?xi)
    # access_token=…, "client_secret": "…", Authorization: Bearer …; quotes stay, so that JSON stays JSON.
    (?P<named>(?:(?:access|input|exchange|refresh|page|user|verify)_?token|token_encrypted|(?:client|app)_?secret
        |appsecret_proof|(?:proxy-)?authorization|api[-_]?key|encryption_key|password|passwd)
        \\*["']?\s*[=:]\s*(?:(?P<quote>["'])|(?P<inner>\\["']))?)  # inner: in JSON that is a string of other JSON
        (?:(?:bearer|basic)\s+)*
        (?(quote)(?:(?!(?P=quote))(?:\\.|[^\\\n]))+
        |(?(inner)(?:(?!(?P=inner))(?:\\\\(?:\\.|[^\\\n])|[^\\\n]))+
        |(?:[^\s&"',}\\]|\\(?!["'\\nrt]))+))
    | (?P<bearer>\b(?:bearer|basic)\s+)[^\s&"',}\\`]{8,}
    # The password of an address. Database addresses may hold a bare slash or @ in theirs.
    | (?P<database>\bpostgres\w{0,10}(?:\+\w{1,20})?://[^\s:/@"']*:)[^\s"'\\]+(?=@)
    | (?P<address>[a-z][a-z0-9+.-]{0,20}://[^\s:/@"']*:)[^\s/"'\\]+(?=@)
    # Meta's tokens; an app's id and secret joined; Sophia's API keys; keys of the vault and what it encrypts.
    | (?-i:EAA|IGAA|IGQ)[A-Za-z0-9_-]{20,}
    | (?<!\d)\d{5,20}(?:\||%7C)[A-Za-z0-9_-]{16,}
    | sophia_[a-z0-9]{8}_[A-Za-z0-9_-]{20,}
    | (?-i:gAAAAA)[A-Za-z0-9_-]{20,}={0,2}
    | (?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}=
    """
)
_remembered: set[str] = set()


def remember(secret: SecretStr | None) -> None:
    """From now on this very value is struck out of every text, whatever it looks like. None and short ones are not."""
    text = "" if secret is None else secret.get_secret_value()
    if len(text) >= SHORTEST_REMEMBERED and SECRET_SHAPES.sub("", text):
        _remembered.add(text)


def redact_secrets(text: str) -> str:
    """The text with everything that looks like a token, key, password or application secret replaced."""
    for secret in sorted(_remembered, key=len, reverse=True):
        text = text.replace(secret, STRUCK_OUT)
    return SECRET_SHAPES.sub(_without_secret, text)


def _without_secret(match: re.Match[str]) -> str:
    kept = next((match[name] for name in ("named", "bearer", "database", "address") if match[name]), "")
    return f"{kept}{STRUCK_OUT}"


class Vault:
    """Encrypts with the first key, decrypts with any, so that old tokens stay readable while keys are rotated.

    Keys of a file are read when they are needed, and again when another process has changed the file: nothing has to be
    started anew after a rotation.
    """

    def __init__(self, keys: Sequence[str] = (), path: Path | None = None) -> None:
        """With `path`, of a key file, the keys are those that it holds; it is made when first something is encrypted.

        Raises ConfigurationError when a key is not one that `Fernet.generate_key` could have made.
        """
        self.path = path
        self._version: tuple[int, ...] | None = None
        self._keys = fernets(keys, SETTING) if path is None else ()
        # Keys that were dropped from the file: whoever read a token just before still has to decrypt it.
        self._dropped: tuple[Fernet, ...] = ()
        self._read()

    @property
    def key_count(self) -> int:
        """How many keys there are now; without any, nothing that was encrypted can be read."""
        self._read()
        return len(self._keys)

    def encrypt(self, token: SecretStr) -> str:
        """The token under the newest key; makes the key file when there is none. Who stores it sees to it before that no
        key is missing which something stored still needs.
        """
        self._read()
        if not self._keys and self.path is not None:
            make_key_file(self.path)
            self._read()
        remember(token)
        return self._keys[0].encrypt(token.get_secret_value().encode()).decode()

    def decrypt(self, text: str) -> SecretStr:
        """Raises ConfigurationError when none of the keys fits."""
        known = (*self._keys, *self._dropped)
        try:
            token = SecretStr(MultiFernet(known).decrypt(text.encode()).decode()) if known else None
        except InvalidToken:
            token = None
        if token is not None:
            remember(token)
            return token
        self._read()
        if known != (*self._keys, *self._dropped):
            return self.decrypt(text)
        raise ConfigurationError(self._no_fit())

    def is_newest(self, text: str) -> bool:
        """Whether the newest key alone can decrypt this."""
        try:
            self._keys[0].decrypt(text.encode())
        except (InvalidToken, IndexError):
            return False
        return True

    def add_key(self) -> None:
        """Put a new key before those of the file, which stay. For one process at a time: hold a lock."""
        path = self._file()
        self._read()
        write_key_file(path, [Fernet.generate_key().decode(), *(read_key_file(path) if path.exists() else ())])
        self._read()

    def drop_old_keys(self) -> None:
        """Keep the newest key only. For one process at a time, when nothing needs the others any more."""
        path = self._file()
        write_key_file(path, read_key_file(path)[:1])
        self._read()

    def _file(self) -> Path:
        if self.path is None:
            raise ConfigurationError(f"The keys stand in {SETTING}; only its owner can change them there.")
        return self.path

    def _read(self) -> None:
        """Read the key file when it is another than before."""
        found = version_of(self.path) if self.path is not None else None
        if self.path is None or found == self._version:
            return
        keys = fernets(read_key_file(self.path), f"The key file {self.path}") if found else ()
        self._dropped = (*self._keys, *self._dropped)
        self._keys, self._version = keys, found

    def _no_fit(self) -> str:
        again = "If it is lost for good: sophia key rotate --lost, and connect the accounts again."
        if self.path is None:
            return (
                f"The stored tokens were encrypted with another key than {SETTING} holds. "
                f"Put that key back, behind a comma if you have a new one. {again}"
            )
        if not self._keys:
            return (
                f"The key file {self.path} is missing, and accounts hold tokens that only its key can read. Put the "
                f"file back, point SOPHIA_DATA_DIR to its folder, or set {SETTING} to its key. {again}"
            )
        return (
            f"The stored tokens were encrypted with another key than that in {self.path}. Put that key back: "
            f"in this file, or in {SETTING}; or point SOPHIA_DATA_DIR to its folder. {again}"
        )


def open_vault(encryption_key: SecretStr | None, data_dir: Path) -> Vault:
    """The vault of this installation: its keys are the setting's, else those of the key file, which may still be missing.

    Raises ConfigurationError when the setting or the file holds something else than keys, or cannot be read.
    """
    if encryption_key is None:
        return Vault(path=data_dir / KEY_FILE)
    keys = [part.strip() for part in encryption_key.get_secret_value().split(",") if part.strip()]
    return Vault(keys)


def fernets(keys: Sequence[str], where: str) -> tuple[Fernet, ...]:
    """Raises ConfigurationError, which says where the keys stand and not what they are, for none and for a wrong one."""
    found: tuple[Fernet, ...] = ()
    with suppress(ValueError, TypeError):
        found = tuple(Fernet(key) for key in keys)
    if not found:
        raise ConfigurationError(
            f"{where} is not a key: 32 random bytes in URL-safe base64, as `sophia key encryption` prints"
        )
    return found


def version_of(path: Path) -> tuple[int, ...] | None:
    """What tells one content of the file from another; None when there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_key_file(path: Path) -> list[str]:
    """The keys in it, newest first. Raises ConfigurationError that names the file; warns when others may read it."""
    try:
        mode = path.stat().st_mode
        keys = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("key_file_open_to_others", file=str(path), what_to_do=f"chmod 600 {path}")
    return keys


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> ConfigurationError:
    reason = error.strerror if isinstance(error, OSError) else "it is no text"
    return ConfigurationError(f"The key file {path} cannot be read: {reason} (SOPHIA_DATA_DIR)")


def make_key_file(path: Path) -> None:
    """A key that only its owner can read. Of two processes that start at once one wins, and no half-written key is seen."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = written_aside(path, [Fernet.generate_key().decode()])
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            name.unlink()
    except OSError as error:
        raise ConfigurationError(f"SOPHIA_DATA_DIR: no key can be kept in {path.parent} ({error.strerror})") from None


def write_key_file(path: Path, keys: Sequence[str]) -> None:
    """Put these keys in the place of those that the file holds, at once or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        written_aside(path, keys).replace(path)
    except OSError as error:
        raise ConfigurationError(f"SOPHIA_DATA_DIR: no key can be kept in {path.parent} ({error.strerror})") from None


def written_aside(path: Path, keys: Sequence[str]) -> Path:
    """A new file beside `path`, mode 0600, safely on the disk, with these keys."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
