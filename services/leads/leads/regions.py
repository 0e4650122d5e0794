"""Where a lead is: province, city and sales region from an address or a landline's area code.

A mobile number says where it was bought years ago, so it only gives the country.
"""

import re
from dataclasses import dataclass

from engines.fields.china import CITIES_OF
from leads.phones import Phone

_PROVINCES_OF = {
    "华北": "北京 天津 河北 山西 内蒙古",
    "东北": "辽宁 吉林 黑龙江",
    "华东": "上海 江苏 浙江 安徽 福建 江西 山东",
    "华中": "河南 湖北 湖南",
    "华南": "广东 广西 海南",
    "西南": "重庆 四川 贵州 云南 西藏",
    "西北": "陕西 甘肃 青海 宁夏 新疆",
    "港澳台": "香港 澳门 台湾",
}
OVERSEAS = "海外"
REGION_OF = {province: region for region, provinces in _PROVINCES_OF.items() for province in provinces.split()}
REGIONS = (*_PROVINCES_OF, OVERSEAS)
_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")
PROVINCE_OF = {city: province for province, cities in CITIES_OF.items() for city in cities.split()} | {
    city: city for city in (*_MUNICIPALITIES, "香港", "澳门")
}
_ENGLISH = {
    "beijing": "北京", "shanghai": "上海", "tianjin": "天津", "chongqing": "重庆", "guangzhou": "广州",
    "shenzhen": "深圳", "hangzhou": "杭州", "suzhou": "苏州", "nanjing": "南京", "wuhan": "武汉", "chengdu": "成都",
    "xi'an": "西安", "xian": "西安", "qingdao": "青岛", "ningbo": "宁波", "xiamen": "厦门", "dongguan": "东莞",
    "wuxi": "无锡", "changsha": "长沙", "zhengzhou": "郑州", "dalian": "大连", "shenyang": "沈阳", "jinan": "济南",
    "hefei": "合肥", "fuzhou": "福州", "kunming": "昆明", "foshan": "佛山", "hong kong": "香港", "macau": "澳门",
}  # fmt: skip
# Area codes (without 0) → city or province, longest prefix wins. Source: the national numbering plan (GB/T, YD/T 1-9xx zones).
_AREA_CODES = {
    "10": "北京", "20": "广州", "21": "上海", "22": "天津", "23": "重庆", "24": "沈阳", "25": "南京", "27": "武汉",
    "28": "成都", "29": "西安", "310": "邯郸", "311": "石家庄", "312": "保定", "315": "唐山", "31": "河北", "33": "河北",
    "349": "山西", "351": "太原", "35": "山西", "371": "郑州", "379": "洛阳", "37": "河南", "39": "河南", "411": "大连",
    "41": "辽宁", "42": "辽宁", "431": "长春", "432": "吉林", "43": "吉林", "451": "哈尔滨", "45": "黑龙江", "46": "黑龙江",
    "471": "呼和浩特", "472": "包头", "47": "内蒙古", "48": "内蒙古", "510": "无锡", "512": "苏州", "519": "常州",
    "513": "南通", "51": "江苏", "523": "泰州", "527": "宿迁", "531": "济南", "532": "青岛", "535": "烟台", "53": "山东",
    "54": "山东", "551": "合肥", "55": "安徽", "56": "安徽", "571": "杭州", "574": "宁波", "577": "温州", "573": "嘉兴",
    "575": "绍兴", "57": "浙江", "580": "舟山", "591": "福州", "592": "厦门", "595": "泉州", "59": "福建", "63": "山东",
    "66": "广东", "69": "云南", "701": "江西", "71": "湖北", "72": "湖北", "731": "长沙", "73": "湖南", "74": "湖南",
    "755": "深圳", "756": "珠海", "757": "佛山", "769": "东莞", "752": "惠州", "760": "中山", "75": "广东", "76": "广东",
    "771": "南宁", "77": "广西", "791": "南昌", "79": "江西", "81": "四川", "82": "四川", "83": "四川", "851": "贵阳",
    "85": "贵州", "871": "昆明", "87": "云南", "88": "云南", "891": "拉萨", "89": "西藏", "898": "海南", "899": "海南",
    "91": "陕西", "931": "兰州", "93": "甘肃", "94": "甘肃", "951": "银川", "95": "宁夏", "971": "西宁", "97": "青海",
    "991": "乌鲁木齐", "90": "新疆", "99": "新疆",
}  # fmt: skip
_PLACE = re.compile("|".join(sorted({*PROVINCE_OF, *REGION_OF}, key=len, reverse=True)))
_ENGLISH_PLACE = re.compile(r"\b(" + "|".join(map(re.escape, _ENGLISH)) + r")\b", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """What is known of where someone is; `because` names what it was read from: address, landline or phone."""

    country: str | None = None
    province: str | None = None
    city: str | None = None
    region: str | None = None
    because: str = ""


def place(*, address: str = "", phones: tuple[Phone, ...] = ()) -> Place:
    """The best guess: an address beats a landline, a landline beats a foreign country code."""
    if found := from_text(address):
        return found
    for number in phones:
        if found := _from_landline(number):
            return found
    for number in phones:
        if number.country in ("HK", "MO", "TW"):
            return Place(country=number.country, region="港澳台", because="phone")
        if number.country and number.country != "CN":
            return Place(country=number.country, region=OVERSEAS, because="phone")
    return Place(country="CN", because="phone") if phones else Place()


def from_text(address: str) -> Place | None:
    """Province and city named in a Chinese (or, for big cities, English) address or company name."""
    names = [match[0] for match in _PLACE.finditer(address[:300])]
    if not names:
        names = [_ENGLISH[match[0].lower()] for match in _ENGLISH_PLACE.finditer(address[:300])]
    return _place(names, "address") if names else None


def without_places(text: str) -> str:
    """`text` with the names of provinces and cities taken out."""
    return _PLACE.sub("", text)


def _place(names: list[str], because: str) -> Place:
    city = next((each for each in names if each in PROVINCE_OF), None)
    province = PROVINCE_OF[city] if city else names[0]
    country = {"香港": "HK", "澳门": "MO", "台湾": "TW"}.get(province, "CN")
    return Place(country=country, province=province, city=city, region=REGION_OF[province], because=because)


def _from_landline(number: Phone) -> Place | None:
    if number.country != "CN" or number.kind != "landline":
        return None
    local = number.number.removeprefix("+86")
    for length in (3, 2):
        if known := _AREA_CODES.get(local[:length]):
            return _place([known], "landline")
    return None
