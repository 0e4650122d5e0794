"""Leads of the demo company: made-up people at made-up companies; numbers are from no real subscriber."""

from typing import Any

# fmt: off
LEADS: tuple[dict[str, Any], ...] = (
    {
        "seller": "zhang", "life": "working", "did": (), "name": "王海涛", "company": "苏州精工机械制造有限公司",
        "title": "采购总监", "phones": ["13000100100"], "emails": ["wanght@sz-jinggong.example"], "city": "苏州",
        "industry": "manufacturing", "company_size": "500-999", "source": "website",
    },
    {
        "seller": "wang", "life": "new", "did": ("page_view", "page_view", "download"), "name": "李晓燕",
        "company": "上海云帆软件股份有限公司", "title": "总经理", "phones": ["13500100237"],
        "emails": ["lixy@yunfan.example"], "city": "上海", "industry": "software", "company_size": "100-499",
        "source": "event", "budget_minor": 15000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "qualified", "did": ("demo_request",), "name": "张建军",
        "company": "杭州绿源新能源科技有限公司", "title": "信息部经理", "phones": ["13900100374"],
        "emails": ["zhangjj@lvyuan.example"], "city": "杭州", "industry": "energy", "company_size": "1000+",
        "source": "referral", "budget_minor": 30000000, "budget_currency": "CNY",
    },
    {
        "seller": "huang", "life": "nurturing", "did": ("webinar", "mail_click"), "name": "刘思远",
        "company": "宁波远洋物流有限公司", "title": "IT主管", "phones": ["15000100511"],
        "emails": ["liusy@nbyuanyang.example"], "city": "宁波", "industry": "logistics", "company_size": "100-499",
        "source": "baidu",
    },
    {
        "seller": "wang", "life": "working", "did": (), "name": "陈美玲", "company": "深圳智联电子有限公司",
        "title": "运营总监", "phones": ["18600100648"], "emails": ["chenml@zhilian-e.example"], "city": "深圳",
        "industry": "manufacturing", "company_size": "500-999", "source": "wechat", "budget_minor": 120000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "disqualified", "did": ("page_view",), "name": "杨志刚",
        "company": "广州康泰医疗器械有限公司", "title": "采购专员", "phones": ["13000100785"],
        "emails": ["yangzg@kangtai-med.example"], "city": "广州", "industry": "healthcare", "company_size": "100-499",
        "source": "download", "budget_minor": 8000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "working", "did": ("form",), "name": "赵敏华", "company": "北京博雅教育科技有限公司",
        "title": "副总裁", "phones": ["13500100922"], "emails": ["zhaomh@boya-edu.example"], "city": "北京",
        "industry": "education", "company_size": "20-99", "source": "phone",
    },
    {
        "seller": "zhang", "life": "pool", "did": (), "name": "黄文博", "company": "成都天府零售连锁有限公司",
        "title": "市场经理", "phones": ["13900101059"], "emails": ["huangwb@tianfu-retail.example"], "city": "成都",
        "industry": "retail", "company_size": "500-999", "source": "partner", "budget_minor": 15000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "new", "did": ("page_view", "page_view", "download"), "name": "周婷婷",
        "company": "武汉楚天建设工程有限公司", "title": "采购总监", "phones": ["15000101196"],
        "emails": ["zhoutt@chutian.example"], "city": "武汉", "industry": "construction", "company_size": "1000+",
        "source": "landing_page", "budget_minor": 30000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "qualified", "did": ("demo_request",), "name": "吴国栋",
        "company": "南京金陵信息技术有限公司", "title": "总经理", "phones": ["18600101333"],
        "emails": ["wugd@jinling-it.example"], "city": "南京", "industry": "software", "company_size": "20-99",
        "source": "website",
    },
    {
        "seller": "huang", "life": "working", "did": ("webinar", "mail_click"), "name": "徐丽萍",
        "company": "青岛海蓝食品有限公司", "title": "信息部经理", "phones": ["13000101470"],
        "emails": ["xulp@hailan.example"], "city": "青岛", "industry": "manufacturing", "company_size": "100-499",
        "source": "event", "budget_minor": 120000000, "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "nurturing", "did": (), "name": "孙鹏飞", "company": "厦门鹭岛进出口有限公司",
        "title": "IT主管", "phones": ["13500101607"], "emails": ["sunpf@ludao.example"], "city": "厦门",
        "industry": "retail", "company_size": "20-99", "source": "referral", "budget_minor": 8000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "working", "did": ("page_view",), "name": "胡雅琴",
        "company": "无锡太湖半导体有限公司", "title": "运营总监", "phones": ["13900101744"],
        "emails": ["huyq@taihu-semi.example"], "city": "无锡", "industry": "manufacturing", "company_size": "1000+",
        "source": "baidu",
    },
    {
        "seller": "wu", "life": "new", "did": ("form",), "name": "朱永强", "company": "西安古城文化传媒有限公司",
        "title": "采购专员", "phones": ["15000101881"], "emails": ["zhuyq@gucheng-media.example"], "city": "西安",
        "industry": "other", "company_size": "1-19", "source": "wechat", "budget_minor": 15000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "qualified", "did": (), "name": "高翔宇", "company": "重庆山城汽车零部件有限公司",
        "title": "副总裁", "phones": ["18600102018"], "emails": ["gaoxy@shancheng-auto.example"], "city": "重庆",
        "industry": "manufacturing", "company_size": "500-999", "source": "download", "budget_minor": 30000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "nurturing", "did": ("page_view", "page_view", "download"), "name": "林嘉欣",
        "company": "合肥科大智能系统有限公司", "title": "市场经理", "phones": ["13000102155"],
        "emails": ["linjx@keda-smart.example"], "city": "合肥", "industry": "software", "company_size": "100-499",
        "source": "phone",
    },
    {
        "seller": "wu", "life": "working", "did": ("demo_request",), "name": "何俊杰",
        "company": "长沙湘江金融服务有限公司", "title": "采购总监", "phones": ["13500102292"],
        "emails": ["hejj@xiangjiang-fin.example"], "city": "长沙", "industry": "finance", "company_size": "100-499",
        "source": "partner", "budget_minor": 120000000, "budget_currency": "CNY",
    },
    {
        "seller": "huang", "life": "disqualified", "did": ("webinar", "mail_click"), "name": "郭晓峰",
        "company": "郑州中原冷链物流有限公司", "title": "总经理", "phones": ["13900102429"],
        "emails": ["guoxf@zhongyuan-cold.example"], "city": "郑州", "industry": "logistics",
        "company_size": "100-499", "source": "landing_page", "budget_minor": 8000000, "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "working", "did": (), "name": "马晓东", "company": "苏州精工机械制造有限公司",
        "title": "信息部经理", "phones": ["15000102566"], "emails": ["maxd@sz-jinggong.example"], "city": "苏州",
        "industry": "manufacturing", "company_size": "500-999", "source": "website",
    },
    {
        "seller": "zhang", "life": "pool", "did": ("page_view",), "name": "罗静怡",
        "company": "上海云帆软件股份有限公司", "title": "IT主管", "phones": ["18600102703"],
        "emails": ["luojy@yunfan.example"], "city": "上海", "industry": "software", "company_size": "100-499",
        "source": "event", "budget_minor": 15000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "new", "did": ("form",), "name": "梁伟明", "company": "杭州绿源新能源科技有限公司",
        "title": "运营总监", "phones": ["13000102840"], "emails": ["liangwm@lvyuan.example"], "city": "杭州",
        "industry": "energy", "company_size": "1000+", "source": "referral", "budget_minor": 30000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "qualified", "did": (), "name": "宋佳宁", "company": "宁波远洋物流有限公司",
        "title": "采购专员", "phones": ["13500102977"], "emails": ["songjn@nbyuanyang.example"], "city": "宁波",
        "industry": "logistics", "company_size": "100-499", "source": "baidu",
    },
    {
        "seller": "wang", "life": "working", "did": ("page_view", "page_view", "download"), "name": "郑凯文",
        "company": "深圳智联电子有限公司", "title": "副总裁", "phones": ["13900103114"],
        "emails": ["zhengkw@zhilian-e.example"], "city": "深圳", "industry": "manufacturing",
        "company_size": "500-999", "source": "wechat", "budget_minor": 120000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "nurturing", "did": ("demo_request",), "name": "谢雨桐",
        "company": "广州康泰医疗器械有限公司", "title": "市场经理", "phones": ["15000103251"],
        "emails": ["xieyt@kangtai-med.example"], "city": "广州", "industry": "healthcare", "company_size": "100-499",
        "source": "download", "budget_minor": 8000000, "budget_currency": "CNY",
    },
    {
        "seller": "huang", "life": "working", "did": ("webinar", "mail_click"), "name": "韩立新",
        "company": "北京博雅教育科技有限公司", "title": "采购总监", "phones": ["18600103388"],
        "emails": ["hanlx@boya-edu.example"], "city": "北京", "industry": "education", "company_size": "20-99",
        "source": "phone",
    },
    {
        "seller": "wang", "life": "new", "did": (), "name": "唐诗雨", "company": "成都天府零售连锁有限公司",
        "title": "总经理", "phones": ["13000103525"], "emails": ["tangsy@tianfu-retail.example"], "city": "成都",
        "industry": "retail", "company_size": "500-999", "source": "partner", "budget_minor": 15000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "qualified", "did": ("page_view",), "name": "冯建华",
        "company": "武汉楚天建设工程有限公司", "title": "信息部经理", "phones": ["13500103662"],
        "emails": ["fengjh@chutian.example"], "city": "武汉", "industry": "construction", "company_size": "1000+",
        "source": "landing_page", "budget_minor": 30000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "nurturing", "did": ("form",), "name": "于海洋",
        "company": "南京金陵信息技术有限公司", "title": "IT主管", "phones": ["13900103799"],
        "emails": ["yuhy@jinling-it.example"], "city": "南京", "industry": "software", "company_size": "20-99",
        "source": "website",
    },
    {
        "seller": "zhang", "life": "working", "did": (), "name": "董雪梅", "company": "青岛海蓝食品有限公司",
        "title": "运营总监", "phones": ["15000103936"], "emails": ["dongxm@hailan.example"], "city": "青岛",
        "industry": "manufacturing", "company_size": "100-499", "source": "event", "budget_minor": 120000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "disqualified", "did": ("page_view", "page_view", "download"), "name": "萧然",
        "company": "厦门鹭岛进出口有限公司", "title": "采购专员", "phones": ["18600104073"],
        "emails": ["xiaoran@ludao.example"], "city": "厦门", "industry": "retail", "company_size": "20-99",
        "source": "referral", "budget_minor": 8000000, "budget_currency": "CNY",
    },
    {
        "seller": "wu", "life": "working", "did": ("demo_request",), "name": "程思齐",
        "company": "无锡太湖半导体有限公司", "title": "副总裁", "phones": ["13000104210"],
        "emails": ["chengsq@taihu-semi.example"], "city": "无锡", "industry": "manufacturing",
        "company_size": "1000+", "source": "baidu",
    },
    {
        "seller": "huang", "life": "pool", "did": ("webinar", "mail_click"), "name": "曹志远",
        "company": "西安古城文化传媒有限公司", "title": "市场经理", "phones": ["13500104347"],
        "emails": ["caozy@gucheng-media.example"], "city": "西安", "industry": "other", "company_size": "1-19",
        "source": "wechat", "budget_minor": 15000000, "budget_currency": "CNY",
    },
    {
        "seller": "wang", "life": "new", "did": (), "name": "袁梦洁", "company": "重庆山城汽车零部件有限公司",
        "title": "采购总监", "phones": ["13900104484"], "emails": ["yuanmj@shancheng-auto.example"], "city": "重庆",
        "industry": "manufacturing", "company_size": "500-999", "source": "download", "budget_minor": 30000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "qualified", "did": ("page_view",), "name": "邓超群",
        "company": "合肥科大智能系统有限公司", "title": "总经理", "phones": ["15000104621"],
        "emails": ["dengcq@keda-smart.example"], "city": "合肥", "industry": "software", "company_size": "100-499",
        "source": "phone",
    },
    {
        "seller": "wu", "life": "working", "did": ("form",), "name": "许文静", "company": "长沙湘江金融服务有限公司",
        "title": "信息部经理", "phones": ["18600104758"], "emails": ["xuwj@xiangjiang-fin.example"], "city": "长沙",
        "industry": "finance", "company_size": "100-499", "source": "partner", "budget_minor": 120000000,
        "budget_currency": "CNY",
    },
    {
        "seller": "zhang", "life": "nurturing", "did": (), "name": "傅明轩", "company": "郑州中原冷链物流有限公司",
        "title": "IT主管", "phones": ["13000104895"], "emails": ["fumx@zhongyuan-cold.example"], "city": "郑州",
        "industry": "logistics", "company_size": "100-499", "source": "landing_page", "budget_minor": 8000000,
        "budget_currency": "CNY",
    },
)
