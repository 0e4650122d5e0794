"""One written form for what people type: names, e-mails, company names, credit codes. Every function is idempotent."""

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_DOTS = re.compile(r"\s*[·•‧∙・･᛫⋅]\s*")
_HONORIFIC = re.compile(r"(先生|女士|小姐|老师|经理|总监|总经理|董事长|老板)$")
_TITLE = re.compile(r"^(mr|mrs|ms|miss|dr|prof|herr|frau|m|mme)\.?\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])"
)
_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "令狐",
        "呼延",
        "西门",
        "百里",
        "拓跋",
        "夹谷",
        "轩辕",
        "段干",
        "东郭",
        "南门",
        "第五",
    ]
)
_SURNAME_SOUNDS = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "朴": "piao", "任": "ren",
    "盖": "ge", "华": "hua", "翟": "zhai", "尉": "wei", "乐": "yue", "覃": "qin", "缪": "miao", "晟": "cheng",
    "万": "wan", "折": "she", "召": "shao", "种": "chong", "秘": "bi", "冼": "xian", "宓": "fu", "洗": "xian",
}  # fmt: skip
_LEGAL_FORMS = re.compile(
    r"(股份有限公司|有限责任公司|股份公司|有限公司|集团公司|责任公司|总公司|集团|公司|株式会社|合伙企业|有限合伙|普通合伙|"
    r"工作室|个体工商户)$"
)
_LEGAL_WORDS = frozenset(
    [
        "co",
        "company",
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "llc",
        "llp",
        "plc",
        "pty",
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "kk",
        "pte",
        "sdn",
        "bhd",
        "group",
        "holding",
        "holdings",
    ]
)
_FREE_MAIL = frozenset(
    [
        "qq.com",
        "163.com",
        "126.com",
        "yeah.net",
        "sina.com",
        "sina.cn",
        "sohu.com",
        "foxmail.com",
        "139.com",
        "189.cn",
        "wo.cn",
        "aliyun.com",
        "21cn.com",
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "outlook.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "proton.me",
        "protonmail.com",
        "mail.ru",
        "yandex.ru",
        "gmx.de",
        "gmx.net",
        "web.de",
        "naver.com",
    ]
)
_CREDIT_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def text(value: str, *, limit: int = 200) -> str:
    """One line without invisible and control characters, full-width forms narrowed, at most `limit` characters."""
    value = _SURROGATE.sub("", value)
    for _ in range(3):  # removing a joiner can make two characters composable, so once is not always enough
        value = unicodedata.normalize("NFKC", _INVISIBLE.sub("", value))
    return _SPACE.sub(" ", value).strip()[:limit].strip()


def paragraph(value: str, *, limit: int = 5000) -> str:
    """Free text: keeps line breaks and width, drops control and direction characters."""
    value = _INVISIBLE.sub("", _SURROGATE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))
    return value.strip()[:limit].strip()


_EDGES = "·,;，；、 "


def name(value: str) -> str:
    """A person's name for display: `张 三` → `张三`, `Smith,  JOHN` → `John Smith`, `买买提•艾力` → `买买提·艾力`."""
    value = _DOTS.sub("·", _HAN_GAP.sub("", text(value, limit=100))).strip(_EDGES)
    if not _HAN.search(value):
        family, comma, given = value.partition(",")
        if comma and given.strip() and "," not in given:
            value = f"{given.strip(_EDGES)} {family.strip(_EDGES)}"
        letters = [letter for letter in value if letter.isalpha()]
        one_case = all(map(str.isupper, letters)) or all(map(str.islower, letters))
        if one_case and len(letters) > 3 and not set(value) - set(letters) - set(" '’.-"):
            value = _capitalised(value)
    return text(value, limit=100)


def _capitalised(value: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: word[0][0].upper() + word[0][1:].lower(), value)


def name_letters(value: str) -> str:
    """Lower-case Latin letters of a name, Chinese as pinyin with the surname first: `张晓明` → `zhangxiaoming`."""
    value = _TITLE.sub("", _HONORIFIC.sub("", name(value)))
    if not _HAN.search(value):
        return "".join(_WORD.findall(_plain(value)))
    chinese = "".join(_HAN.findall(value))
    surname = chinese[:2] if chinese[:2] in _COMPOUND_SURNAMES and len(chinese) > 2 else chinese[:1]
    return (_SURNAME_SOUNDS.get(surname) or "".join(pinyin(surname))) + "".join(pinyin(chinese[len(surname) :]))


def name_key(value: str) -> str:
    """Where the spellings of one name meet: its letters, sorted, so that the order of the words does not matter."""
    return "".join(sorted(name_letters(value)))


@lru_cache(maxsize=20_000)
def pinyin(value: str) -> tuple[str, ...]:
    """Syllables without tones; other characters pass through."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(value, v_to_u=False))


def has_han(value: str) -> bool:
    """Whether there is a Chinese character in it."""
    return bool(_HAN.search(value))


def email(value: str) -> str | None:
    """An address in lower case, or None: `张三 <Zhang.San＠Example.COM>；` → `zhang.san@example.com`."""
    value = text(value, limit=400).replace("。", ".").lower()
    if "<" in value and ">" in value:
        value = value[value.rindex("<") + 1 :].partition(">")[0]
    value = value.removeprefix("mailto:").strip(" \t<>()[]'\",;:、，；.").replace(" ", "")
    local = value.partition("@")[0]
    if len(value) > 254 or ".." in value or local.startswith(".") or local.endswith(".") or not _EMAIL.fullmatch(value):
        return None
    return value


def emails(value: str) -> list[str]:
    """Every address in a field that may hold several, separated by anything but a space inside one."""
    parts = re.split(r"[;,、，；|\n/]+|\s{1,}(?=\S+@)", _SURROGATE.sub("", value))
    return list(dict.fromkeys(found for part in parts if (found := email(part))))


def email_key(value: str) -> str:
    """The mailbox behind an address: Gmail ignores dots and what follows a plus."""
    local, _, domain = value.partition("@")
    if domain in ("gmail.com", "googlemail.com"):
        return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
    return value


def mail_domain(value: str) -> str:
    """The company's domain of an address; "" for a free mail provider."""
    domain = value.rpartition("@")[2]
    return "" if domain in _FREE_MAIL else domain


def company(value: str) -> str:
    """A company's name for display: brackets and width unified, gaps between Chinese characters closed."""
    value = _HAN_GAP.sub("", text(value))
    if _HAN.search(value):
        value = re.sub(r"\s*[((\[【〔〈<]\s*", "（", value)
        value = re.sub(r"\s*[))\]】〕〉>]\s*", "）", value)
        value = re.sub(r"（）", "", value)
    return value.strip(" ,;，；、。-").strip()


def company_key(value: str) -> str:
    """A company without legal form, brackets, marks and case: `华信（上海）科技有限公司` → `华信上海科技`."""
    value = _plain(company(value)).replace("&", " and ")
    words = _WORD.findall(value)
    if not words:
        return ""
    if not _HAN.search(value):
        kept = [word for word in words if word not in _LEGAL_WORDS]
        return "".join(kept or words)
    joined = _without_latin_form(words)
    while (shorter := _LEGAL_FORMS.sub("", joined)) and shorter != joined and len(shorter) >= 2:
        joined = shorter
    return joined


def _without_latin_form(words: list[str]) -> str:
    while len(words) > 1 and words[-1] in _LEGAL_WORDS:
        words = words[:-1]
    return "".join(words)


def credit_code(value: str) -> str | None:
    """A unified social credit code (GB 32100-2015) with a correct check digit, or None."""
    code = re.sub(r"[\s-]", "", text(value, limit=40)).upper()
    if len(code) != 18 or any(letter not in _CREDIT_DIGITS for letter in code):
        return None
    total = sum(_CREDIT_DIGITS.index(letter) * weight for letter, weight in zip(code, _CREDIT_WEIGHTS, strict=False))
    return code if _CREDIT_DIGITS[(31 - total % 31) % 31] == code[17] else None


def wechat(value: str) -> str | None:
    """A WeChat id in lower case, or None when it can't be one (6–20 letters, digits, - and _; also phone numbers)."""
    found = text(value, limit=60).lower().removeprefix("微信:").removeprefix("wechat:").strip()
    return found if re.fullmatch(r"[a-z0-9][a-z0-9_-]{4,29}", found) else None


def _plain(value: str) -> str:
    """Lower case without accents; a fixed point, whatever folding does to a letter."""
    for _ in range(3):
        decomposed = unicodedata.normalize("NFKD", value.casefold())
        value = unicodedata.normalize("NFKC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    return value
