"""Tickets of the demo company: what its customers asked, and what was done (working hours after it came in)."""

from typing import Any


def _t(days_ago: float, customer: int, name: str, channel: str, type: str, priority: str, subject: str, text: str,
       *did: tuple[float, str, str], **more: Any) -> dict[str, Any]:  # fmt: skip
    return {"days_ago": days_ago, "customer": customer, "name": name, "channel": channel, "type": type, "priority": priority,
            "subject": subject, "text": text, "did": did, **more}  # fmt: skip


# fmt: off
TICKETS: tuple[dict[str, Any], ...] = (
    _t(32, 1, "陈晓峰", "email", "incident", "high", "车间采集网关离线", "二号车间的采集网关从早上开始没有数据，产量报表为空。",
       (0.3, "reply", "您好，已看到网关心跳中断，请协助确认网线指示灯状态。"), (2, "customer", "灯不亮，重新插拔后恢复了。"),
       (2.5, "solve", "数据已恢复并补采完成。建议更换该网线，后续我们会持续观察。"), (9, "survey", "5处理很及时")),
    _t(28, 2, "周海燕", "portal", "question", "normal", "如何导出模具保养计划", "想把下季度的保养计划导出成 Excel 给车间打印。",
       (0.8, "solve", "在“保养计划”列表右上角点击导出即可，附操作步骤说明。"), (5, "survey", "4")),
    _t(25, 3, "徐帆", "email", "incident", "urgent", "大促期间订单同步延迟", "平台订单同步到 ERP 延迟超过 20 分钟，仓库无法发货。",
       (0.2, "reply", "已定位为接口限流，正在扩容，预计 30 分钟内恢复。"), (1, "customer", "目前还有积压，麻烦加急。"),
       (1.4, "solve", "积压已处理完毕，限流阈值已调高。"), (8, "survey", "4恢复还算快")),
    _t(22, 4, "沈立群", "phone", "billing", "normal", "发票抬头需要变更", "公司更名，请将后续发票抬头改为新名称。",
       (1.5, "reply", "请提供新的营业执照扫描件，我们更新开票资料。"), (20, "customer", "已发送到贵司邮箱。"), (22, "solve", "开票资料已更新。")),
    _t(18, 5, "顾明", "email", "request", "low", "希望看板增加班组维度", "生产看板能否按班组分组展示节拍？",
       (3, "reply", "需求已记录，产品经理评估后答复您。"), (30, "note", "产品部排期到下个版本。"), (32, "on_hold", "")),
    _t(15, 6, "梁志豪", "portal", "complaint", "high", "客服回复太慢", "昨天反馈的库存差异到现在没有人处理，影响我们盘点。",
       (4, "reply", "非常抱歉给您带来不便，我们立即安排顾问与您联系。"), (6, "customer", "希望今天能解决。"),
       (9, "solve", "差异来自两笔未过账的退货，已协助处理。"), (20, "survey", "2响应太慢了")),
    _t(12, 7, "黄俊杰", "email", "incident", "normal", "扫码枪无法识别新批次码", "PDA 升级后扫不出新批次的二维码。",
       (0.7, "reply", "请确认 PDA 固件版本，设置-关于里可以看到。"), (6, "customer", "版本是 3.2.1。"), (7, "solve", "该版本有已知问题，升级到 3.2.3 即可。"),
       (14, "survey", "5")),
    _t(9, 8, "叶丽娟", "phone", "question", "low", "新员工账号怎么开通", "车间新来了三位统计员，需要账号。", (1, "solve", "已按您提供的名单开通，初始密码短信发送。")),
    _t(7, 9, "郭宇", "email", "incident", "high", "接口返回 500 错误", "调用库存查询接口偶发 500，请求编号见附件。",
       (0.4, "reply", "已在日志中找到对应请求，正在排查。"), (3, "note", "疑似连接池耗尽，等运维确认。")),
    _t(5, 10, "孟凡", "portal", "question", "normal", "库位批量导入模板", "请提供库位批量导入的模板和字段说明。", (0.9, "reply", "模板已发送，请查收并确认字段是否够用。")),
    _t(4, 15, "Anna Keller", "email", "question", "normal", "English user manual for the warehouse module",
       "Our German colleagues need the manual in English. Where can we download it?",
       (1.1, "solve", "The English manual is in the help centre under Warehouse. A PDF copy is on its way to you."), (3, "survey", "5Quick and friendly"),
       language="en"),
    _t(3, 12, "蒋涛", "email", "incident", "urgent", "产线停机：MES 无法报工", "三号线所有工位无法报工，产线已停，请立即支持！",
       (0.2, "reply", "工程师已远程接入，正在恢复服务。"), (0.5, "customer", "已经停了半小时，请尽快！")),
    _t(2, 13, "胡静", "wechat", "request", "normal", "增加月度质量报表", "希望每月自动发送质量月报到管理层邮箱。", (2, "reply", "可以配置订阅，请告知收件人名单。")),
    _t(1.5, 14, "宋佳", "portal", "question", "normal", "色差记录如何追溯到缸号", "客户投诉色差，需要从成品批次反查到染缸。", (2.5, "note", "需要先看他们的批次规则配置。")),
    _t(1, 11, "唐婉", "email", "billing", "high", "本月对账单金额不一致", "系统对账单与贵司发来的相差 1,280 元，请核对。"),
    _t(0.6, 3, "徐帆", "email", "question", "low", "退货入库流程咨询", "平台退货到仓后应该走哪个流程入库？"),
    _t(0.2, 1, "陈晓峰", "phone", "incident", "normal", "报表权限看不到成本列", "财务反馈生产成本报表里看不到成本列。"),
)
