"""Names, e-mails and company names have one written form, whatever was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import normalise, phones, regions

TYPED = st.text(max_size=60) | st.text(
    alphabet="张三李四欧阳修 ·•.,()（）【】ＡＢab12+-@。＠;<>\u200b\u202e\ud800公司有限集团Co.Ltd", max_size=40
)


@pytest.mark.parametrize(
    "function", [normalise.text, normalise.paragraph, normalise.name, normalise.company], ids=lambda f: f.__name__
)
@given(typed=TYPED)
def test_normalising_twice_changes_nothing_more(function, typed):
    once = function(typed)
    assert function(once) == once
    assert "\ud800" not in once
    assert "\x00" not in once


@pytest.mark.parametrize(
    "function", [normalise.email, normalise.credit_code, normalise.wechat], ids=lambda f: f.__name__
)
@given(typed=TYPED | st.emails())
def test_an_accepted_value_is_accepted_again_unchanged(function, typed):
    once = function(typed)
    assert once is None or function(once) == once


@given(typed=TYPED)
def test_company_keys_are_fixed_points(typed):
    once = normalise.company_key(typed)
    assert normalise.company_key(once) in (once, normalise.company_key(once))
    assert normalise.company_key(normalise.company(typed)) == once


@given(typed=TYPED | st.text(alphabet="0123456789０１２ +-()转ext;=#. /、一二三", max_size=30))
def test_a_phone_number_read_again_is_the_same_number(typed):
    for found in phones.phones(typed):
        assert phones.phone(found.text) == found


@pytest.mark.parametrize(
    "typed",
    [
        "13812345678", "138 1234 5678", "138-1234-5678", "138.1234.5678", "１３８１２３４５６７８", "013812345678",
        "86 138 1234 5678", "+86-138-1234-5678", "0086 13812345678", "(+86)13812345678", "+86(138)12345678",
        "13812345678.0", "13812345678（微信同号）", "手机：13812345678", "tel:+8613812345678", "一三八一二三四五六七八",
        "‭13812345678‬", "'13812345678",
    ],
)  # fmt: skip
def test_a_mobile_number_is_understood_in_every_notation(typed):
    assert phones.phone(typed).text == "+8613812345678"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("(021) 5123 4567", "+862151234567"),
        ("021-51234567-801", "+862151234567;ext=801"),
        ("021-51234567转801", "+862151234567;ext=801"),
        ("021 5123 4567 ext. 801", "+862151234567;ext=801"),
        ("0755-8888 8888#12", "+8675588888888;ext=12"),
        ("2151234567", "+862151234567"),
        ("400-820-8820", "+864008208820"),
        ("001 415 555 2671", "+14155552671"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+852 2123 4567", "+85221234567"),
    ],
)
def test_landlines_extensions_and_foreign_numbers_become_e164(typed, expected):
    assert phones.phone(typed).text == expected


@pytest.mark.parametrize(
    "typed", ["", "12345", "138-1234-567", "1.38123E+10", "abc", "N/A", "<script>", "0" * 80, "++++"]
)
def test_what_is_no_number_is_refused(typed):
    assert phones.phone(typed) is None


def test_a_field_with_several_numbers_gives_each_once():
    found = phones.phones("13800000000/021-51234567；13800000000, 139 0000 0000")
    assert [each.text for each in found] == ["+8613800000000", "+862151234567", "+8613900000000"]


@pytest.mark.parametrize(
    ("left", "right"),
    [("张晓明", "Xiaoming Zhang"), ("张晓明", "ZHANG Xiao Ming"), ("欧阳 修", "Ouyang Xiu"), ("María José", "JOSE, Maria"),
     ("单雄信先生", "Shan Xiongxin"), ("Dr. O’Neil", "o'neil")],
)  # fmt: skip
def test_spellings_of_one_name_meet_under_one_key(left, right):
    assert normalise.name_key(left) == normalise.name_key(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("华信（上海）科技有限公司", "华信(上海)  科技有限责任公司"),
        ("ACME Co., Ltd.", "Acme Company Limited"),
        ("小米集团", "小米集团有限公司"),
        ("Ｓｍｉｔｈ ＆ Sons LLC", "smith and sons"),
    ],
)
def test_legal_forms_brackets_and_width_do_not_matter_for_a_company(left, right):
    assert normalise.company_key(left) == normalise.company_key(right)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("张三 <Zhang.San＠Example.COM>；", "zhang.san@example.com"),
        ("mailto:a@b.cn", "a@b.cn"),
        (" li.si @ example。com ", "li.si@example.com"),
        ("not an address", None),
        ("a@b", None),
        ("<script>@x.com", None),
        ("a..b@x.com", None),
    ],
)
def test_mail_addresses(typed, expected):
    assert normalise.email(typed) == expected


def test_credit_codes_are_checked_by_their_check_digit():
    assert normalise.credit_code("9144 0300-1922 038216") == "914403001922038216"
    assert normalise.credit_code("914403001922038217") is None


def test_a_place_is_read_from_address_then_landline_then_country():
    assert regions.place(address="江苏省苏州市工业园区").region == "华东"
    assert regions.place(address="Nanshan, Shenzhen").city == "深圳"
    landline = phones.phone("0755-88888888")
    assert regions.place(phones=(landline,)).region == "华南"
    assert regions.place(phones=(phones.phone("+49 30 901820"),)).region == regions.OVERSEAS
    assert regions.place(phones=(phones.phone("13812345678"),)).region is None
