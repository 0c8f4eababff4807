"""A person taken out of leads, contacts and follow-ups, while the customer and the deal stay."""

from __future__ import annotations

from uuid import UUID

from guanxi.kernel.records import consents, reading, subjects
from guanxi.kernel.storage import sql
from guanxi.kernel.storage.tables import DEFAULT_WORKSPACE
from tests.modules.conftest import Company

NUMBER, WHO = "13955554444", "欧阳晓岚"


def test_a_converted_lead_its_contact_and_their_follow_ups(company: Company) -> None:
    owner, admin = company.owner, company.admin
    lead = owner.create("lead", name=f"{WHO}询价", company="江南造纸", person=WHO, phones=[NUMBER])
    owner.do("lead", "convert", lead)
    row = reading.get("lead", lead, actor=owner.actor())
    contact, customer = row["converted_contact"]["id"], row["converted_customer"]["id"]
    owner.update("contact", contact, birthday="1980-05-06", wechat="lan_lan_9", home_address="苏州某路 1 号")
    deal = owner.create("opportunity", name="江南造纸 设备", customer=str(customer), amount=90000, expected_close="2027-01-31")
    owner.create("activity", kind="phone", content=f"和{WHO}通话，改打 {NUMBER}", customer=str(customer), contact=str(contact))
    given = owner.create("consent", object_name="contact", record=str(contact), purpose="marketing_phone")
    request = admin.create("subject_request", kind="delete", name=WHO, phones=[NUMBER])
    held = reading.get("subject_request", request, actor=admin.actor())
    hits = subjects.find(held, actor=admin.actor())
    assert {hit.object for hit in hits} >= {"lead", "contact", "activity"} and {hit.id for hit in hits} >= {lead, contact}
    assert "customer" not in {hit.object for hit in hits if hit.own}, "江南造纸 is nobody"
    admin.do("subject_request", "tick", request, records=[{"object": hit.object, "id": str(hit.id)} for hit in hits])
    admin.do("subject_request", "erase_person", request, texts=True)
    left = reading.get("contact", contact, actor=owner.actor())
    assert left["name"].startswith("已匿名 ") and all(not left[name] for name in ("phones", "birthday", "next_birthday", "wechat", "home_address"))
    assert left["customer"]["id"] == customer and reading.get("opportunity", deal, actor=owner.actor())["amount"]["amount"] == 90000
    gone = reading.get("lead", lead, actor=owner.actor())
    assert gone["status"] == "converted" and not gone["person"] and not gone["phones"] and gone["company"] == "江南造纸"
    with sql.work(DEFAULT_WORKSPACE):
        for (table,) in sql.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            for value in (NUMBER, WHO, "lan_lan_9", "苏州某路", "1980-05-06"):
                assert sql.rows(f'SELECT x::text FROM "{table}" x WHERE x::text ILIKE %s LIMIT 1', [f"%{value}%"]) == [], (table, value)
    assert isinstance(given, UUID) and consents.may_contact("contact", contact, "marketing_phone", actor=owner.actor())


def test_who_contacts_is_warned(company: Company) -> None:
    owner = company.owner
    contact = owner.create("contact", name="周晚", phones=["13933332222"], customer=str(owner.create("customer", name="晚来公司")))
    given = owner.create("consent", object_name="contact", record=str(contact), purpose="marketing_phone")
    owner.do("consent", "withdraw", given)
    from tests.surfaces.web.browser import Browser

    page = Browser("owner").read(f"/contacts/{contact}")
    assert 'class="withdrawn" data-kind="phone"' in page and "本人已撤回“电话营销”的同意" in page and 'data-kind="sms"' not in page
