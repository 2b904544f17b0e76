from __future__ import annotations

from sendspec.provider.webhook_subscription import subscription_request


def test_the_request_names_each_event_of_each_platform() -> None:
    assert subscription_request("https://api.bird.com", "w1", ["sms", "whatsapp"]) == [
        "POST https://api.bird.com/organizations/ORGANIZATION/workspaces/w1/webhook-subscriptions",
        '{"service": "channels", "event": "sms.outbound", "url": "https://HOST/PATH", "signingKey": "KEY"}',
        "and the same for sms.inbound, sms.interaction, whatsapp.outbound, whatsapp.inbound and whatsapp.interaction",
    ]
