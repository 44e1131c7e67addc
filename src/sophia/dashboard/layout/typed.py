"""What a person typed into a form that was refused, so that the page shows it again beside the error."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData

FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class TypedFields:
    """The fields of the refused form, and the address that it was sent to. Templates never ask for passwords or tokens."""

    path: str
    form: FormData | None

    def text(self, action: str, name: str, default: str = "") -> str:
        """Return the typed text of a field of the form with this action, or the default.

        `action` is how the address of the form ends, because several forms of a page may have fields of one name.
        """
        value = self.form.get(name, "") if self.form is not None and self._is_sent(action) else default
        return value if isinstance(value, str) else default

    def has(self, action: str, name: str, value: str, default: bool = False) -> bool:
        """Return whether an option or checkbox was chosen, or the default."""
        if self.form is None or not self._is_sent(action):
            return default
        return value in self.form.getlist(name)

    def _is_sent(self, action: str) -> bool:
        return self.path.endswith(f"/{action}")


def typed_fields(request: Request, status: int) -> TypedFields:
    """Return the typed fields of a request whose page shows an error; none of any other."""
    form: FormData | None = getattr(request.state, "form", None) if status >= FIRST_ERROR else None
    return TypedFields(request.url.path, form)
