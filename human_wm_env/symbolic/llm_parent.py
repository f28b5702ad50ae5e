"""A parent that asks a language model through the OpenAI-compatible chat API; off by default."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from human_wm_env.errors import ConfigError, ParentError
from human_wm_env.extras import extras_named
from human_wm_env.files.reading import parse_json, read_json
from human_wm_env.files.writing import write_whole
from human_wm_env.settings import finite_number, whole_number

PROMPT_VERSION = 1  # names what is kept in the cache
MOST_BYTES = 64_000  # of a reply
LONGEST_WAIT = 30.0  # seconds between two attempts
INSTRUCTIONS = (
    "You judge answers in a game of symbols, which are whole numbers. Rule of the game: {task}. "
    "Reply with JSON alone: the right answer to the symbol shown, and whether the given answer "
    "is that one."
)
SCHEMA = {
    "type": "object",
    "properties": {"right_answer": {"type": "integer"}, "success": {"type": "boolean"}},
    "required": ["right_answer", "success"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class LLMParentConfig:
    """How the language model is asked.

    Attributes:
        model: its name at the server.
        base_url: of the server; None is that of the environment variable OPENAI_BASE_URL, or
            OpenAI's.
        key_variable: environment variable that holds the key.
        timeout_seconds: of one request, from its beginning to its last byte.
        retries: further attempts after one that failed or brought no usable reply.
        first_wait_seconds: before the second attempt; each later wait is twice as long.
        budget: requests that one environment may make altogether, retries among them.
        cache: folder of replies, by the model's name, so that no question is asked twice; None
            keeps them in memory.
        most_tokens: of a reply.
    """

    model: str
    base_url: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    timeout_seconds: float = 20.0
    retries: int = 3
    first_wait_seconds: float = 0.5
    budget: int = 100
    cache: str | None = None
    most_tokens: int = 200

    def __post_init__(self) -> None:
        for name in ("model", "key_variable"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ConfigError(f"text as {name}", repr(getattr(self, name)), f"Give {name}.")
        for name in ("base_url", "cache"):
            if not isinstance(getattr(self, name), str | None):
                raise ConfigError(f"text as {name}", repr(getattr(self, name)), "Or leave it out.")
        for name in ("retries", "budget", "most_tokens"):
            if whole_number(getattr(self, name), name) < (name != "retries"):
                raise ConfigError(f"a larger {name}", f"{getattr(self, name)}", "Raise it.")
        for name in ("timeout_seconds", "first_wait_seconds"):
            if finite_number(getattr(self, name), name) <= 0.0:
                raise ConfigError(f"{name} > 0", f"{getattr(self, name)}", "Raise it.")


class _Question(NamedTuple):
    task: str
    cue: int
    shown: int
    action: int


class _Unusable(Exception):
    """A reply, or the lack of one, that another attempt may mend."""


class _OtherStatus(Exception):
    """A reply without success; the body behind it, which may have no end, stays unread."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class LLMParent:
    """Asks a language model whether an answer is right, each different question once.

    Nothing that a server sends is run, followed or unpacked: replies are cut off at
    `MOST_BYTES` and at the timeout, redirections are refused, and a reply counts only if it is
    a JSON object of the schema, in the range of symbols, and contradicts neither itself nor an
    earlier one.

    Args:
        config: model, limits, cache.
        symbols: answers are 0 to symbols - 1.

    Raises:
        ConfigError: the environment variable of the key is not set.
        MissingExtraError: the extra `llm` is not installed.
    """

    def __init__(self, config: LLMParentConfig, symbols: int) -> None:
        self.config, self.symbols = config, symbols
        self.requests = 0
        self._known: dict[_Question, bool] = {}
        self._answers: dict[tuple[str, int, int], int] = {}
        self._key = _key(config)

    def judge(
        self, task: str, cues: np.ndarray, shown: np.ndarray, actions: np.ndarray
    ) -> np.ndarray:
        """Say which actions are right.

        Raises:
            ParentError: no usable reply after all attempts, or the budget is spent.
        """
        triples = zip(cues.tolist(), shown.tolist(), actions.tolist(), strict=True)
        return np.array([self._judge(_Question(task, *triple)) for triple in triples], dtype=bool)

    def _judge(self, question: _Question) -> bool:
        if question not in self._known:
            kept = self._from_cache(question)
            answer = self._ask(question) if kept is None else kept
            self._answers[question[:3]] = answer
            self._known[question] = answer == question.action
        return self._known[question]

    def _ask(self, question: _Question) -> int:
        reason = ""
        for attempt in range(self.config.retries + 1):
            if attempt:
                wait = self.config.first_wait_seconds * 2 ** (attempt - 1)
                time.sleep(min(wait, LONGEST_WAIT))
            if self.requests >= self.config.budget:
                raise ParentError(
                    f"at most {self.config.budget} requests",
                    f"one more, after: {reason or 'earlier questions'}",
                    "Raise budget, or keep replies in a cache.",
                )
            self.requests += 1
            try:
                answer = self._usable(self._request(question), question)
            except _Unusable as error:
                reason = str(error)
                continue
            self._to_cache(question, answer)
            return answer
        raise ParentError(
            f"a reply of the schema within {self.config.retries + 1} attempts",
            reason,
            "Try another model, or raise timeout_seconds or retries.",
        )

    def _request(self, question: _Question) -> bytes:
        """Return the body of a reply that came within the limits."""
        import openai

        config = self.config
        http = openai.DefaultHttpxClient(
            follow_redirects=False, event_hooks={"response": [_check_status]}
        )
        client = openai.OpenAI(
            api_key=self._key,
            base_url=config.base_url,
            timeout=config.timeout_seconds,
            max_retries=0,
            http_client=http,
        )
        try:
            return _within(config.timeout_seconds, lambda: self._read(client, question))
        except openai.OpenAIError as error:
            if not isinstance(error.__cause__, _OtherStatus):
                raise _Unusable(type(error).__name__) from error
            status = error.__cause__.status
            if status == 429 or status >= 500:
                raise _Unusable(f"status {status}") from error
            raise ParentError(
                "a server that takes the request",
                f"status {status}",
                f"Check model, base_url and the key in {config.key_variable}.",
            ) from error
        except Exception as error:  # of the transport, which the client hands on while reading
            if not type(error).__module__.startswith("http"):
                raise
            raise _Unusable(type(error).__name__) from error
        finally:
            client.close()

    def _read(self, client: Any, question: _Question) -> bytes:
        asked = {"cue": question.cue, "symbol": question.shown, "answer": question.action}
        body = b""
        with client.chat.completions.with_streaming_response.create(
            model=self.config.model,
            messages=[
                {"role": "system", "content": INSTRUCTIONS.format(task=question.task)},
                {"role": "user", "content": json.dumps(asked)},
            ],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA},
            },
            max_completion_tokens=self.config.most_tokens,
            temperature=0.0,
            extra_headers={"Accept-Encoding": "identity"},
        ) as response:
            for part in response.http_response.iter_raw():  # as it came: a bomb is not unpacked
                body += part
                if len(body) > MOST_BYTES:
                    raise _Unusable(f"more than {MOST_BYTES} bytes")
        return body

    def _usable(self, body: bytes, question: _Question) -> int:
        """Return the right answer that a reply names, or say why it cannot be used."""
        try:
            reply: Any = parse_json(body, "the reply", ParentError)
            content = reply["choices"][0]["message"]["content"]
            verdict = parse_json(content.encode(), "the message", ParentError)
        except (ParentError, AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise _Unusable(f"no JSON of the chat API ({type(error).__name__})") from error
        return self._checked(verdict, question)

    def _checked(self, verdict: Any, question: _Question) -> int:
        if not isinstance(verdict, dict) or sorted(verdict) != SCHEMA["required"]:
            raise _Unusable("JSON of another schema")
        answer, success = verdict["right_answer"], verdict["success"]
        if type(answer) is not int or type(success) is not bool:
            raise _Unusable("values of other types than the schema's")
        if not 0 <= answer < self.symbols:
            raise _Unusable(f"an answer outside 0 to {self.symbols - 1}")
        if success != (answer == question.action):
            raise _Unusable("a verdict that contradicts its own answer")
        if self._answers.get(question[:3], answer) != answer:
            raise _Unusable("an answer that contradicts an earlier one")
        return answer

    # Cache ----------------------------------------------------------------------------

    def _file(self, question: _Question) -> Path | None:
        if self.config.cache is None:
            return None
        named = [PROMPT_VERSION, self.config.model, self.symbols, *question]
        digest = hashlib.sha256(json.dumps(named).encode()).hexdigest()
        return Path(self.config.cache) / f"{digest}.json"

    def _from_cache(self, question: _Question) -> int | None:
        file = self._file(question)
        if file is None or not file.is_file():
            return None
        try:
            return self._checked(read_json(file, ParentError), question)
        except _Unusable as error:
            raise ParentError(
                f"a kept reply in {file}", str(error), "Delete the file: it is asked for again."
            ) from error

    def _to_cache(self, question: _Question, answer: int) -> None:
        file = self._file(question)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            verdict = {"right_answer": answer, "success": answer == question.action}
            write_whole(file, json.dumps(verdict).encode())


@extras_named("llm")
def _key(config: LLMParentConfig) -> str:
    """Return the key of the server; the client has to be there, too."""
    import openai  # noqa: F401

    key = os.environ.get(config.key_variable)
    if not key:
        raise ConfigError(
            f"the key of the server in the environment variable {config.key_variable}",
            "none",
            "Set it; a local server takes any text.",
        )
    return key


def _check_status(response: Any) -> None:
    if not response.is_success:
        raise _OtherStatus(response.status_code)


def _within(seconds: float, job: Callable[[], bytes]) -> bytes:
    """Return what a job brings, or give it up.

    Timeouts of the transport begin anew with every byte, so that a reply may drip for ever; the
    thread that waits for it is left behind, and ends when its client is closed.
    """
    ended: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put(job())
        except Exception as error:
            ended.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        found = ended.get(timeout=seconds)
    except queue.Empty:
        raise _Unusable(f"no end after {seconds:g} seconds") from None
    if isinstance(found, Exception):
        raise found
    return found
