"""What a browser calls itself, in a few words people know."""

from __future__ import annotations

from guanxi.base.text import T, Text

BROWSERS = (
    ("MicroMessenger", T("微信", "WeChat")), ("DingTalk", T("钉钉", "DingTalk")), ("Lark", T("飞书", "Lark")), ("Feishu", T("飞书", "Feishu")),
    ("Edg", T("Edge", "Edge")), ("QQBrowser", T("QQ 浏览器", "QQ Browser")), ("Firefox", T("Firefox", "Firefox")),
    ("Chrome", T("Chrome", "Chrome")), ("Safari", T("Safari", "Safari")),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", T("鸿蒙", "HarmonyOS")), ("Android", T("Android", "Android")), ("iPhone", T("iPhone", "iPhone")), ("iPad", T("iPad", "iPad")),
    ("Windows", T("Windows", "Windows")), ("Mac OS", T("Mac", "Mac")), ("Linux", T("Linux", "Linux")),
)  # fmt: skip
UNKNOWN = T("未知设备", "Unknown device")


def device(agent: str) -> Text:
    """`Chrome · Windows` from a User-Agent; an unknown one is said to be unknown."""
    found = [next((name for sign, name in table if sign in agent), None) for table in (BROWSERS, SYSTEMS)]
    names = [name for name in found if name is not None]
    return T(" · ".join(n.zh for n in names), " · ".join(n.en for n in names)) if names else UNKNOWN
