"""Which encoding a text file is in: byte order mark, UTF-8, GB18030, Big5, UTF-16 without a mark, Windows-1252.

The whole file is looked at, in pieces: a million rows may be plain ASCII until the last one. Strict decoding settles
UTF-8; GB18030 accepts almost any bytes, so Big5 and Western files are told from it by how common their characters
would be.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final

from guanxi.base.text import T, Text

_CHUNK = 1 << 20
_SAMPLE = 1 << 18
NAMES: Final[dict[str, str]] = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 BOM", "gb18030": "GB18030", "big5": "Big5", "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE", "utf-16": "UTF-16", "cp1252": "Windows-1252", "ascii": "ASCII",
}  # fmt: skip

# The characters Chinese tables and prose are made of, simplified and traditional: a text read in the right encoding
# consists of them to a third or more, one read in the wrong encoding hardly at all.
_SIMPLIFIED = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法"
    "所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日"
    "那社义事平形相全表间样与关各重新线内数正心反你明看原又利比或但质气第向道命此变条只没结解问意建月公无系军很情最立代想已通并提"
    "直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别手期根论运农指几九区强放决西被"
    "司限市省县镇村街号电话手机邮箱地址名称编客户联系姓客负责有限科技贸易服务商店厂集团股份投资北京上海广东深圳江苏浙"
)
_TRADITIONAL = frozenset(
    "個國為時來們這會對發動說產種面經電務業機關書學實體樣點開還應與條問題號縣區臺灣話稱戶聯絡絡負責貿易廠團資東蘇過進裡現兩"
    "當從間線數質氣變沒結無系軍題黨員總設長頭邊級圖統較將組見計別運農幾強決處報權給萬門車馬語讀寫聽買賣錢銀電腦網址網際傳"
    "的一是在不了有和人中大上我以要他用生到作地出就分成可主年同工也能下子方後多定行法所民十三之部公司限市省鎮村街手名客姓"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """`encoding` is Python's name; `errors` is "replace" where some bytes do not fit; the warnings say so."""

    encoding: str
    errors: str
    warnings: list[Text]


class _File:
    """A file that can be read through as often as it takes; what was counted once is kept."""

    def __init__(self, open_file: Callable[[], BinaryIO]) -> None:
        self._open = open_file
        self._counts: dict[str, tuple[int, int]] = {}
        with open_file() as file:
            self.sample = file.read(_SAMPLE)

    def counts(self, encoding: str) -> tuple[int, int]:
        """(places that do not fit an encoding, characters U+FFFD that the file itself holds)."""
        if encoding not in self._counts:
            try:
                self._counts[encoding] = 0, self._lost(encoding, "strict")
            except UnicodeDecodeError:
                lost = self._lost(encoding, "ignore")
                self._counts[encoding] = self._lost(encoding, "replace") - lost, lost
        return self._counts[encoding]

    def damaged(self, encoding: str) -> int:
        return self.counts(encoding)[0]

    def _lost(self, encoding: str, errors: str) -> int:
        decoder = codecs.getincrementaldecoder(encoding)(errors)
        count = 0
        with self._open() as file:
            while chunk := file.read(_CHUNK):
                count += decoder.decode(chunk).count("\ufffd")
        return count + decoder.decode(b"", True).count("\ufffd")


def detect(open_file: Callable[[], BinaryIO], declared: str | None = None) -> Decoded:
    """Find the encoding of a file that `open_file` opens from its start, as often as asked.

    A declared encoding is followed unless the file does not fit it or is certainly another; then a warning says so.
    """
    file = _File(open_file)
    found = _guess(file)
    if not declared:
        return _decoded(file, found)
    name = declared.strip().lower().replace("_", "-")
    name = _ALIASES.get(name, name)
    try:
        "".encode(name)
        fits = file.damaged(name) == 0
    except (LookupError, UnicodeError):
        fits = False
    plain_found, plain_name = found.removesuffix("-sig"), name.removesuffix("-sig")
    certain = found.startswith("utf") and not file.sample.isascii()
    if plain_found == plain_name:
        return _decoded(file, found)
    if fits and not certain:
        return _decoded(file, name)
    decoded = _decoded(file, found)
    if not file.sample.isascii():
        decoded.warnings.insert(
            0,
            T(
                "声明的编码是 {declared}，实际是 {found}，已按实际编码读取。",
                "The file was declared as {declared} but is {found}, and was read as that.",
            ).format(declared=declared, found=NAMES.get(found, found)),
        )
    return decoded


_ALIASES = {"gbk": "gb18030", "gb2312": "gb18030", "ansi": "gb18030", "utf8": "utf-8", "latin-1": "cp1252",
            "iso-8859-1": "cp1252", "utf-8-bom": "utf-8-sig"}  # fmt: skip


def _guess(file: _File) -> str:
    sample = file.sample
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        first, second = ("utf-16-le", "utf-16-be") if odd >= even else ("utf-16-be", "utf-16-le")
        for encoding in (first, second):
            if not file.damaged(encoding):
                return encoding
    wrong = file.damaged("utf-8")
    if not wrong:
        return "utf-8"
    high = sum(byte > 0x7F for byte in sample)
    if wrong * 30 < high and _share(sample.decode("utf-8", "ignore")) > 0.15:
        return "utf-8"  # a few damaged bytes do not make Chinese UTF-8 something else
    if _lonely(sample) > 0.7:
        return "cp1252"  # Chinese comes in pairs of high bytes, Western accents alone
    gb, big5 = file.damaged("gb18030"), file.damaged("big5")
    if gb and big5 and wrong <= min(gb, big5):
        return "utf-8"
    if big5 <= gb:
        as_gb, as_big5 = sample.decode("gb18030", "ignore"), sample.decode("big5", "ignore")
        if big5 < gb or _share(as_big5) > _share(as_gb):
            return "big5"
    return "gb18030"


def _share(text: str) -> float:
    """How much of a text's Chinese is made of common characters, 0 to 1."""
    chinese = [letter for letter in text if letter > "\u2e80"]
    if not chinese:
        return 0.0
    simplified = sum(letter in _SIMPLIFIED for letter in chinese)
    traditional = sum(letter in _TRADITIONAL for letter in chinese)
    return max(simplified, traditional) / len(chinese)


def _lonely(sample: bytes) -> float:
    """The share of high bytes that have no high neighbour."""
    high = lonely = 0
    for index, byte in enumerate(sample):
        if byte > 0x7F:
            high += 1
            before = sample[index - 1] if index else 0
            after = sample[index + 1] if index + 1 < len(sample) else 0
            lonely += before < 0x80 and after < 0x80
    return lonely / high if high else 0.0


def _decoded(file: _File, encoding: str) -> Decoded:
    """The answer, with what does not fit and what was lost before the file came to us."""
    warnings: list[Text] = []
    damaged, lost = file.counts(encoding)
    if damaged:
        warnings.append(
            T(
                "有 {count} 处字节不符合 {encoding} 编码，已用“\ufffd”代替。请核对这些单元格。",
                "{count} places do not fit {encoding} and are shown as “\ufffd”. Check those cells.",
            ).format(count=damaged, encoding=NAMES.get(encoding, encoding))
        )
    if lost:
        warnings.append(
            T(
                "文件中原本就有 {count} 个无法还原的字符（\ufffd），是之前转换编码时丢失的。请核对，或重新索取文件。",
                "The file itself holds {count} characters (\ufffd) lost in an earlier conversion. "
                "Check them, or ask for the file again.",
            ).format(count=lost)
        )
    return Decoded(encoding, "replace" if damaged else "strict", warnings)
