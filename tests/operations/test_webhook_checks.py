"""`doctor` shows the request that registers webhooks, and what a receiver has left."""

from __future__ import annotations

from project_dir import WORKSPACE, CountingServer, ProjectDir


def webhooks(project: ProjectDir, *options: str) -> list[dict[str, str]]:
    findings = project.run("doctor", "--format", "json", *options).json["findings"]
    return [finding for finding in findings if finding["what"] == "webhooks"]


def test_the_request_is_shown_for_each_platform_and_never_made(project: ProjectDir, server: CountingServer) -> None:
    (found,) = webhooks(project, "--env", "test")
    assert (found["verdict"], found["fix"]) == ("ok", "")
    assert found["found"] == (
        f"none needed; to hear of statuses and replies at once, register some:\nPOST {server.url}/organizations/ORGANIZATION/workspaces/"
        f'{WORKSPACE}/webhook-subscriptions\n{{"service": "channels", "event": "sms.outbound", "url": "https://HOST/PATH", "signingKey": "KEY"}}\n'
        "and the same for sms.inbound and sms.interaction"
    )
    assert server.posts == []
    assert webhooks(project, "--env", "sandbox") == []


def test_what_a_receiver_left_is_named(project: ProjectDir) -> None:
    for name in ("test", "test.aside", "sandbox"):
        project.write(f".sendspec/webhooks-{name}.jsonl", "x\n" if name != "sandbox" else "")
    spool, aside, _ = webhooks(project, "--env", "test")
    assert [one["verdict"] for one in (spool, aside)] == ["note", "note"]
    assert spool["found"] == ".sendspec/webhooks-test.jsonl has requests that are not stored (2 bytes)"
    assert "sendspec webhook ingest .sendspec/webhooks-test.aside.jsonl --key-env NAME --env test" in aside["fix"]
    assert webhooks(project, "--env", "sandbox") == []
