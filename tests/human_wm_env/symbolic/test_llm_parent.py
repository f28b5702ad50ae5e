"""Against a local server that answers well, badly, slowly, in contradictions and with malice."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env.errors import ConfigError, ParentError
from human_wm_env.symbolic.llm_parent import MOST_BYTES, LLMParent, LLMParentConfig

pytest.importorskip("openai", reason="the extra llm is not installed")

Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


def say(content: object, status: int = 200) -> Reply:
    """Reply with a message: text as it is, other values as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return send(json.dumps({"choices": [{"message": {"content": text}}]}).encode(), status)


def send(body: bytes, status: int = 200, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def judge_rightly(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    """Reply as one who knows that the answer is the symbol shown."""
    question = json.loads(asked["messages"][1]["content"])
    right = question["symbol"] == question["answer"]
    say({"right_answer": question["symbol"], "success": right})(handler, asked)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply] = []
        self.default: Reply = judge_rightly
        self.asked: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(asked)
        reply = server.script.pop(0) if server.script else server.default
        try:
            reply(self, asked)
        except OSError:  # who asked has gone
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("STUB_KEY", "any")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def config_of(server: Server, **settings: Any) -> LLMParentConfig:
    fast = {"first_wait_seconds": 0.01, "timeout_seconds": 5.0, "key_variable": "STUB_KEY"}
    return LLMParentConfig("stub", **{"base_url": server.url, **fast, **settings})


def ask(parent: LLMParent, shown: int = 3, action: int = 3) -> bool:
    return bool(parent.judge("x", *(np.array([value]) for value in (0, shown, action)))[0])


def test_each_question_is_asked_once(server: Server, tmp_path: Path) -> None:
    parent = LLMParent(config_of(server, cache=str(tmp_path)), 8)
    cues, shown = np.zeros(4, dtype=int), np.array([1, 2, 1, 2])
    found = parent.judge("the answer is x", cues, shown, np.array([1, 3, 1, 2]))
    assert found.tolist() == [True, False, True, True]
    assert len(server.asked) == parent.requests == 3
    first = server.asked[0]
    assert "the answer is x" in first["messages"][0]["content"]
    assert first["response_format"]["json_schema"]["strict"] is True
    again = LLMParent(config_of(server, cache=str(tmp_path)), 8)
    assert again.judge("the answer is x", cues, shown, np.array([1, 3, 1, 2])).tolist() == (
        found.tolist()
    )
    assert again.requests == 0


@pytest.mark.parametrize(
    "bad",
    [
        send(b"no JSON"),
        send(b"{}"),
        send(b'{"choices": [{"message": {"content": null}}]}'),
        send(b"[" * 5000),
        say("success: true"),
        say({"right_answer": 3}),
        say({"right_answer": 3, "success": True, "run": "import os"}),
        say({"right_answer": "3", "success": True}),
        say({"right_answer": True, "success": True}),
        say({"right_answer": 3.0, "success": True}),
        say('{"right_answer": NaN, "success": true}'),
        say({"right_answer": 8, "success": False}),
        say({"right_answer": -1, "success": False}),
        say({"right_answer": 3, "success": False}),
        say({"right_answer": 4, "success": True}),
        send(b"", 500),
        send(b"", 429),
        send(b"x" * (MOST_BYTES + 1)),
        send(b"\xff\xfe"),
    ],
)
def test_what_is_malformed_is_asked_again(server: Server, bad: Reply) -> None:
    server.script = [bad]
    parent = LLMParent(config_of(server), 8)
    assert ask(parent)
    assert parent.requests == 2


def test_what_stays_malformed_is_an_error(server: Server) -> None:
    server.default = say("success: true")
    parent = LLMParent(config_of(server, retries=2), 8)
    with pytest.raises(ParentError, match="within 3 attempts"):
        ask(parent)
    assert parent.requests == 3


def test_an_answer_that_contradicts_an_earlier_one_is_asked_again(server: Server) -> None:
    parent = LLMParent(config_of(server, retries=1), 8)
    assert not ask(parent, action=5)  # the answer is 3
    server.script = [say({"right_answer": 4, "success": False})]
    assert ask(parent, action=3)
    server.default = say({"right_answer": 4, "success": False})
    with pytest.raises(ParentError, match="contradicts an earlier one"):
        ask(parent, action=6)


def drip(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    for _ in range(100):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: a"[_ : _ + 1] or b"a")
        handler.wfile.flush()
        time.sleep(0.05)


def pour(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    """An error without end."""
    handler.send_response(500)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def sleep(handler: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    time.sleep(2.0)


@pytest.mark.parametrize("slow", [drip, drip_headers, sleep])
def test_what_is_slow_is_given_up(server: Server, slow: Reply) -> None:
    server.script = [slow]
    parent = LLMParent(config_of(server, timeout_seconds=0.4), 8)
    began = time.monotonic()
    assert ask(parent)
    assert time.monotonic() - began < 4.0 and parent.requests == 2
    while any(thread.name.endswith("(run)") for thread in threading.enumerate()):
        assert time.monotonic() - began < 4.0  # who waits for it ends long before it would
        time.sleep(0.01)


def test_the_body_of_an_error_is_not_read(server: Server) -> None:
    server.script = [pour]
    began = time.monotonic()
    assert ask(LLMParent(config_of(server), 8))
    assert time.monotonic() - began < 4.0


def test_a_packed_reply_is_not_unpacked(server: Server) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) < MOST_BYTES
    server.default = send(bomb, **{"Content-Encoding": "gzip"})
    with pytest.raises(ParentError, match="no JSON"):
        ask(LLMParent(config_of(server, retries=0), 8))


def test_a_redirection_is_not_followed(server: Server) -> None:
    with Server() as other:
        server.script = [send(b"", 307, Location=f"{other.url}/chat/completions")]
        with pytest.raises(ParentError, match="status 307"):
            ask(LLMParent(config_of(server), 8))
        assert other.asked == []


def test_a_refused_key_is_not_tried_again(server: Server) -> None:
    server.script = [send(b"{}", 401)]
    parent = LLMParent(config_of(server), 8)
    with pytest.raises(ParentError, match=r"status 401.*STUB_KEY"):
        ask(parent)
    assert parent.requests == 1


def test_nobody_there(server: Server) -> None:
    parent = LLMParent(config_of(server, base_url="http://127.0.0.1:9/v1", retries=1), 8)
    with pytest.raises(ParentError, match="APIConnectionError"):
        ask(parent)


def test_the_budget_is_a_limit(server: Server) -> None:
    parent = LLMParent(config_of(server, budget=2), 8)
    assert ask(parent, 1, 1) and ask(parent, 2, 2) and ask(parent, 1, 1)
    with pytest.raises(ParentError, match="at most 2 requests"):
        ask(parent, 3, 3)
    assert len(server.asked) == 2


def test_a_damaged_reply_on_disk_is_an_error(server: Server, tmp_path: Path) -> None:
    ask(LLMParent(config_of(server, cache=str(tmp_path)), 8))
    (file,) = tmp_path.iterdir()
    for text in ("{", '{"right_answer": 9, "success": false}'):
        file.write_text(text)
        with pytest.raises(ParentError):
            ask(LLMParent(config_of(server, cache=str(tmp_path)), 8))


def test_a_world_asks_its_parent(server: Server) -> None:
    settings = {"model": "stub", "base_url": server.url, "key_variable": "STUB_KEY"}
    env = gym.make("PatternEcho-v0", parent=settings)
    seen, _ = env.reset(seed=0)
    shown = int(seen.argmax())
    assert env.step(shown)[1] == 1.0
    with pytest.raises(ConfigError, match="Did you mean 'model'"):
        gym.make("PatternEcho-v0", parent={"modell": "stub"})
    with pytest.raises(ConfigError, match="name of a model"):
        gym.make("PatternEcho-v0", parent={})


def test_a_key_is_needed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STUB_KEY")
    with pytest.raises(ConfigError, match="environment variable STUB_KEY"):
        LLMParent(config_of(server), 8)


@pytest.mark.parametrize(
    "wrong", [{"budget": 0}, {"retries": -1}, {"timeout_seconds": 0.0}, {"model": ""}, {"cache": 5}]
)
def test_wrong_settings_are_errors(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        LLMParentConfig(**{"model": "stub", **wrong})
