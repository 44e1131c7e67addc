"""Encrypts platform tokens at rest with keys that can be rotated, and redacts secrets in every text."""

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
REDACTED = "[secret]"
SETTING = "SOPHIA_ENCRYPTION_KEY"
# A shorter secret may be a word, such as the password of a developer's database, and would be redacted in every sentence
# that contains the word.
SHORTEST_REMEMBERED = 12

# The formats of secrets of Meta and Sophia. This is the last line of defence: no code should print a secret at all.
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
    # The token in the address of a share link, an unsubscribe link or a sign-in.
    | (?P<path>/(?:shared|unsubscribe|sign-in)/)[A-Za-z0-9_-]{20,}
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
    """Redact this value in every text from now on, whatever its format. None and short values are ignored."""
    text = "" if secret is None else secret.get_secret_value()
    if len(text) >= SHORTEST_REMEMBERED and SECRET_SHAPES.sub("", text):
        _remembered.add(text)


def redact_secrets(text: str) -> str:
    """Return the text with every token, key, password and application secret replaced."""
    for secret in sorted(_remembered, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return SECRET_SHAPES.sub(_without_secret, text)


def _without_secret(match: re.Match[str]) -> str:
    prefix = next((match[name] for name in ("named", "bearer", "database", "address", "path") if match[name]), "")
    return f"{prefix}{REDACTED}"


class Vault:
    """Encrypts with the first key and decrypts with any key, so that tokens stay readable while keys are rotated.

    The key file is read when keys are needed, and again after another process changed it, so that no process needs a
    restart after a rotation.
    """

    def __init__(self, keys: Sequence[str] = (), path: Path | None = None) -> None:
        """Use these keys or, with `path`, those of a key file, which the first encryption creates.

        Raises ConfigurationError for a key that does not have the format of `Fernet.generate_key`.
        """
        self.path = path
        self._version: tuple[int, ...] | None = None
        self._keys = fernets(keys, SETTING) if path is None else ()
        # Keys that were dropped from the file still decrypt tokens that were read before.
        self._dropped: tuple[Fernet, ...] = ()
        self._read()

    @property
    def key_count(self) -> int:
        """Return the number of keys. Without keys, no token can be decrypted."""
        self._read()
        return len(self._keys)

    def encrypt(self, token: SecretStr) -> str:
        """Return the token encrypted with the newest key; creates the key file if there is none.

        The caller first checks that no key of stored tokens is missing.
        """
        self._read()
        if not self._keys and self.path is not None:
            make_key_file(self.path)
            self._read()
        remember(token)
        return self._keys[0].encrypt(token.get_secret_value().encode()).decode()

    def decrypt(self, text: str) -> SecretStr:
        """Return the decrypted token. Raises ConfigurationError when no key fits."""
        keys = (*self._keys, *self._dropped)
        try:
            token = SecretStr(MultiFernet(keys).decrypt(text.encode()).decode()) if keys else None
        except InvalidToken:
            token = None
        if token is not None:
            remember(token)
            return token
        self._read()
        if keys != (*self._keys, *self._dropped):
            return self.decrypt(text)
        raise ConfigurationError(self._no_key_message())

    def is_newest(self, text: str) -> bool:
        """Return whether the newest key decrypts this text."""
        try:
            self._keys[0].decrypt(text.encode())
        except (InvalidToken, IndexError):
            return False
        return True

    def add_key(self) -> None:
        """Add a new key before the keys of the file. The caller holds a lock against other processes."""
        path = self._file()
        self._read()
        write_key_file(path, [Fernet.generate_key().decode(), *(read_key_file(path) if path.exists() else ())])
        self._read()

    def drop_old_keys(self) -> None:
        """Drop all keys but the newest, when no token needs the others. The caller holds a lock against other processes."""
        path = self._file()
        write_key_file(path, read_key_file(path)[:1])
        self._read()

    def _file(self) -> Path:
        if self.path is None:
            raise ConfigurationError(f"The keys are set in {SETTING}; change them there.")
        return self.path

    def _read(self) -> None:
        """Read the key file if it has changed."""
        version = version_of(self.path) if self.path is not None else None
        if self.path is None or version == self._version:
            return
        keys = fernets(read_key_file(self.path), f"The key file {self.path}") if version else ()
        self._dropped = (*self._keys, *self._dropped)
        self._keys, self._version = keys, version

    def _no_key_message(self) -> str:
        advice = "If it is lost: run sophia key rotate --lost, and connect the accounts again."
        if self.path is None:
            return (
                f"The stored tokens were encrypted with another key than {SETTING} holds. "
                f"Put that key back, after a comma if you have a new one. {advice}"
            )
        if not self._keys:
            return (
                f"The key file {self.path} is missing, and accounts have tokens that only its key can read. Put the "
                f"file back, point SOPHIA_DATA_DIR to its folder, or set {SETTING} to its key. {advice}"
            )
        return (
            f"The stored tokens were encrypted with another key than that in {self.path}. Put that key back: "
            f"in this file, or in {SETTING}; or point SOPHIA_DATA_DIR to its folder. {advice}"
        )


def open_vault(encryption_key: SecretStr | None, data_dir: Path) -> Vault:
    """Return the vault with the keys of the setting, else of the key file, which need not exist yet.

    Raises ConfigurationError when the setting or the file contains anything but keys, or cannot be read.
    """
    if encryption_key is None:
        return Vault(path=data_dir / KEY_FILE)
    keys = [part.strip() for part in encryption_key.get_secret_value().split(",") if part.strip()]
    return Vault(keys)


def fernets(keys: Sequence[str], source: str) -> tuple[Fernet, ...]:
    """Return the keys ready for use. Raises ConfigurationError, which names the source only, for none and for a wrong one."""
    parsed: tuple[Fernet, ...] = ()
    with suppress(ValueError, TypeError):
        parsed = tuple(Fernet(key) for key in keys)
    if not parsed:
        raise ConfigurationError(
            f"{source} is not a key: 32 random bytes in URL-safe base64, as `sophia key encryption` prints"
        )
    return parsed


def version_of(path: Path) -> tuple[int, ...] | None:
    """Return a value that changes with the content of the file; None when there is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None
    return status.st_ino, status.st_mtime_ns, status.st_size


def read_key_file(path: Path) -> list[str]:
    """Return the keys of the file, newest first. Raises ConfigurationError; warns when other users can read the file."""
    try:
        mode = path.stat().st_mode
        keys = path.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("key_file_open_to_others", file=str(path), what_to_do=f"chmod 600 {path}")
    return keys


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> ConfigurationError:
    reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
    return ConfigurationError(f"The key file {path} cannot be read: {reason} (SOPHIA_DATA_DIR)")


def make_key_file(path: Path) -> None:
    """Create the key file, readable by its owner only. Of two processes at once one wins; no process reads half a key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = write_temporary(path, [Fernet.generate_key().decode()])
        try:
            os.link(name, path)
        except FileExistsError:
            pass
        finally:
            name.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"SOPHIA_DATA_DIR: no key can be written to {path.parent} ({error.strerror})"
        ) from None


def write_key_file(path: Path, keys: Sequence[str]) -> None:
    """Replace the keys of the file atomically."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_temporary(path, keys).replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"SOPHIA_DATA_DIR: no key can be written to {path.parent} ({error.strerror})"
        ) from None


def write_temporary(path: Path, keys: Sequence[str]) -> Path:
    """Write these keys to a new file next to `path`, mode 0600, flush it to the disk and return its path."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
