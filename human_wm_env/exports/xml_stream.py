"""A stream of XML as trackers write it: read once, in little memory, whatever its DTD says."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from xml.parsers import expat

from human_wm_env.errors import DataError

_CHUNK = 1 << 18
_LONGEST_HEAD = 1 << 20
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL)
_CONTROL = bytes(one for one in range(32) if one not in (9, 10, 13))
# References to characters that XML cannot hold.
_BAD_REFERENCE = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.I
)

Handler = Callable[[str, dict[str, str]], object]


class XmlStream:
    """Calls handlers for the elements of a stream.

    The document type is cut out (that of some exports is invalid), so no entity can be
    declared; control characters are left out.

    Args:
        stream: XML in UTF-8.
        file: its name.
    """

    def __init__(self, stream: io.BufferedReader, file: str) -> None:
        self._stream, self._file = stream, file
        self._parser = expat.ParserCreate("utf-8")
        self._parser.EntityDeclHandler = _refuse_entity

    @property
    def line(self) -> int:
        """Number of the line, from 1, of the element that is being handled."""
        return int(self._parser.CurrentLineNumber)

    def parse(
        self,
        start: Handler,
        end: Callable[[str], object],
        take: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """Read the whole stream.

        Args:
            start: gets the name and the attributes of each element.
            end: gets the name of each element that ends.
            take: gets the stream piece by piece before it is parsed, and returns it without the
                elements that it has read itself, whose line breaks stay. It never sees the
                beginning, nor comments, nor what comes after the first of them: what looks like
                an element there may be none.

        Raises:
            DataError: it is no XML, or it ends too early.
        """
        parser = self._parser
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        began = False
        try:
            for piece in _pieces(self._stream, self._file):
                # The first piece has an XML declaration before anything else.
                shown = piece if began else piece.lstrip(b"\xef\xbb\xbf \t\r\n")[2:]
                if b"<!" in piece or b"<?" in shown:
                    take = None
                if take is not None and began:
                    piece = take(piece)
                began = True
                parser.Parse(piece, False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise DataError(
                "a whole XML file",
                f"{self._file} ({error})",
                "Export it again, and copy all of it: a download may have been cut off.",
            ) from error


def _pieces(stream: io.BufferedReader, file: str) -> Iterator[bytes]:
    rest = _without_doctype(stream)
    while True:
        chunk = stream.read(_CHUNK)
        cut = chunk.rfind(b">") + 1 if chunk else 0
        if chunk and cut == 0:
            rest += chunk
            if len(rest) > _LONGEST_HEAD:
                raise DataError(
                    "elements of an export", f"one of over 1 MiB in {file}", "Check it."
                )
            continue
        piece = rest + chunk[:cut]
        rest = chunk[cut:]
        if piece:
            piece = piece.translate(None, _CONTROL)
            yield _BAD_REFERENCE.sub(b"", piece) if b"&#" in piece else piece
        if not chunk:
            return


def _without_doctype(stream: io.BufferedReader) -> bytes:
    """Return the first bytes, up to and with the first element, without the document type."""
    head = stream.read(_CHUNK)
    while b"<!DOCTYPE" in head and not _DOCTYPE.search(head) and len(head) < _LONGEST_HEAD:
        more = stream.read(_CHUNK)
        if not more:
            break
        head += more
    return _DOCTYPE.sub(lambda found: b"\n" * found.group().count(b"\n"), head, count=1)


def _refuse_entity(*_: object) -> None:
    raise DataError(
        "an export without entities of its own",
        "a file that declares some",
        "It is no tracker's: do not trust it.",
    )
