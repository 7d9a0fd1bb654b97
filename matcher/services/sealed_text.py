"""Words that lie sealed in every home: how a reporter can be reached, and the secrets shared with partners.

In an encrypted home the owner's own data key seals them, so that they go with it. In a home in the clear it is a key
derived from the digest key: whoever has the database alone cannot read them, whoever has the whole home can.
"""

from __future__ import annotations

from matcher.crypto.sealing import seal, unseal
from matcher.errors import Damaged
from matcher.services.context import Context
from matcher.store.keystore import Owner

_DERIVED, _OWN = b"\0", b"\1"


def seal_text(context: Context, owner: Owner, name: str, text: str) -> bytes:
    """A text, sealed for an owner under a name."""
    if context.keys.active:
        return _OWN + context.keys.seal(owner, name, text.encode())
    return _DERIVED + seal(context.key.secret(_purpose(owner)), name.encode(), text.encode())


def open_text(context: Context, owner: Owner, name: str, sealed: bytes) -> str:
    """The text that was sealed so; `Damaged` for anything else, `KeyProblem` if its key is not at hand."""
    how, box = sealed[:1], sealed[1:]
    if how == _OWN:
        return context.keys.open(owner, name, box).decode()
    if how == _DERIVED:
        return unseal(context.key.secret(_purpose(owner)), name.encode(), box).decode()
    raise Damaged(f"'{name}' in the database is not what was sealed: restore a backup.")


def _purpose(owner: Owner) -> str:
    return f"text of {owner}"
