"""Duplicates in disguise are found with a reason, different people are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import dedupe, normalise


def person(name="", company="", phones=(), emails=(), **rest):
    return dedupe.traits({"name": name, "company": company, "phones": phones, "emails": emails} | rest)


records = st.builds(
    person,
    st.sampled_from(["张伟", "章伟", "Wei Zhang", "李娜", "Anna Lee", "", "欧阳修"]),
    st.sampled_from(["华信科技有限公司", "上海华信信息技术有限公司", "Acme Ltd", "Acme Co., Ltd.", "", "蓝海贸易"]),
    st.lists(st.sampled_from(["+8613800000001", "+8613800000002"]), max_size=2),
    st.lists(st.sampled_from(["a@huaxin.cn", "b@huaxin.cn", "x@qq.com"]), max_size=2),
)


@given(records, records)
def test_comparing_is_symmetric_and_bounded(left, right):
    there, back = dedupe.compare(left, right), dedupe.compare(right, left)
    assert there.score == back.score
    assert 0 <= there.score <= 100


@given(records, records)
def test_what_scores_as_a_duplicate_shares_an_index_key(left, right):
    if dedupe.compare(left, right).score >= 80:
        assert set(dedupe.index_keys(left)) & set(dedupe.index_keys(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (person("张晓明", "上海华信科技有限公司"), person("Zhang Xiaoming", "华信（上海）信息技术有限公司")),
        (
            person("张晓明", "华信科技", emails=["a@huaxin.cn"]),
            person("张小明", "华信科技有限公司", emails=["b@huaxin.cn"]),
        ),
        (person("O'Brien, Mary", "Acme Ltd"), person("Mary O’Brien", "ACME Co., Ltd.")),
        (person("李雷", phones=["+8613800000001"]), person("韩梅梅", phones=["+8613800000001"])),
        (person("A", emails=["j.doe+crm@gmail.com"]), person("B", emails=["jdoe@gmail.com"])),
    ],
)
def test_disguises_are_seen_through(left, right):
    match = dedupe.compare(left, right)
    assert match.score >= 80
    assert match.reasons


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (person("张伟", "华信科技有限公司"), person("李娜", "华信科技有限公司")),
        (person("张伟", "华信科技有限公司"), person("张伟", "蓝海贸易有限公司")),
        (person("张伟"), person("张伟")),
        (person("王芳", emails=["a@qq.com"]), person("王芳", emails=["b@qq.com"])),
    ],
)
def test_different_people_are_left_alone(left, right):
    assert dedupe.compare(left, right).score < 80


def test_keys_have_a_bound_and_exact_ones_are_told_apart():
    keys = dedupe.index_keys(person("张" * 90, normalise.company("公" * 180), ["+8613800000001"], ["a@b.cn"]))
    assert all(len(key) <= 120 for key in keys)
    assert [key for key in keys if dedupe.is_exact_key(key)] == ["p:+8613800000001", "e:a@b.cn"]
