#!/usr/bin/env python3
"""A provider on loopback that does what the prompt says, in two grammars: Chat Completions and Anthropic Messages.

`[[tool NAME {json}]]` in the last user turn is called (several: in parallel); when the results are back the answer is
`RESULT<<<…>>>` with all of them. `[[think]]` has the model think before it speaks; when its thought comes back as it was,
the result is followed by `THOUGHT-KEPT`. Images of the last turn are named after the answer: `IMAGES<<<image/png 70>>>`, with
the bytes of each. `[[slow]]` is a stream that goes on until its reader leaves; `[[gone]]` tells how many have left so far.
`[[error STATUS]]` is that failure. Anything else is answered with `pong-42`. Prints its port, then one line for each request:
grammar, whether it was streamed, how many tools it brought. A request that does not carry the key of its grammar is refused
and printed as `BAD-KEY`.
"""

import base64
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = sys.argv[1]
CALL = re.compile(r"\[\[tool (\S+) (\{.*?\})\]\]", re.S)
FAILURE = re.compile(r"\[\[error (\d+)\]\]")
THOUGHT = "let-me-think-42"
SIGNATURE = "c2lnbmVkLWJ5LW1vY2s="
gone = 0


def text_of(content):
    if isinstance(content, str):
        return content
    parts = []
    for part in content or []:
        if isinstance(part, dict):
            parts.append(part.get("text") or text_of(part.get("content")) if part.get("type") != "tool_use" else "")
    return "\n".join(part for part in parts if part)


def images_of(content):
    """Kind and bytes of each image, in results too."""
    found = []
    for part in content if isinstance(content, list) else []:
        if part.get("type") == "image_url":
            kind, data = re.fullmatch(r"data:([^;]+);base64,(.*)", part["image_url"]["url"], re.S).groups()
            found.append(f"{kind} {len(base64.b64decode(data, validate=True))}")
        elif part.get("type") == "image":
            source = part["source"]
            found.append(f"{source['media_type']} {len(base64.b64decode(source['data'], validate=True))}")
        elif part.get("type") == "tool_result":
            found += images_of(part.get("content"))
    return found


def has_thought(message):
    """Whether an assistant's turn brings its thought back as it was."""
    if message.get("reasoning_content") == THOUGHT:
        return True
    blocks = message.get("content") if isinstance(message.get("content"), list) else []
    thought = {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}
    return any({name: block.get(name) for name in thought} == thought for block in blocks)


def plan(body, is_chat):
    """What to answer: (status, text, calls, thought)."""
    messages = body["messages"]
    results, asked, images, is_kept = [], "", [], False
    for message in reversed(messages):
        role, content = message["role"], message.get("content")
        if role == "assistant":
            is_kept = has_thought(message)
            break
        images = images_of(content) + images
        if role == "tool":
            results.insert(0, text_of(content))
        elif role == "user":
            blocks = content if isinstance(content, list) else []
            found = [text_of(block.get("content")) for block in blocks if block.get("type") == "tool_result"]
            results = found + results
            plain = [block for block in blocks if block.get("type") == "text"] if blocks else content
            asked = text_of(plain) + asked
    named = f" IMAGES<<<{', '.join(images)}>>>" if images else ""
    if results:
        text = "RESULT<<<" + "|".join(result.strip() for result in results) + ">>>" + named
        return 200, text + (" THOUGHT-KEPT" if is_kept else ""), [], ""
    failure = FAILURE.search(asked)
    if failure:
        return int(failure.group(1)), "the scripted failure", [], ""
    if "[[gone]]" in asked:
        return 200, f"gone-{gone}", [], ""
    if "[[slow]]" in asked:
        return 200, "slow", [], ""
    # opencode wraps the prompt in quotes and escapes those in it.
    calls = []
    for name, arguments in CALL.findall(asked):
        try:
            json.loads(arguments)
        except ValueError:
            arguments = arguments.replace('\\"', '"')
        calls.append((name, arguments))
    return 200, "" if calls else "pong-42" + named, calls, THOUGHT if "[[think]]" in asked else ""


def chat(model, text, calls, thought):
    tools = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": text or None, **({"tool_calls": tools} if tools else {})}
    if thought:
        message["reasoning_content"] = thought
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    reason = "tool_calls" if tools else "stop"
    head = {"id": "chatcmpl-1", "created": 1, "model": model}
    yield {**head, "object": "chat.completion", "usage": usage,
           "choices": [{"index": 0, "message": message, "finish_reason": reason}]}

    def chunk(delta, finish=None):
        return {**head, "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    while text == "slow":
        yield chunk({"content": "on and on "})
        time.sleep(0.05)
    for at in range(0, len(thought), 4):
        yield chunk({"reasoning_content": thought[at:at + 4]})
    for at in range(0, len(text), 3):
        yield chunk({"content": text[at:at + 3]})
    for n, tool in enumerate(tools):
        function = tool["function"]
        yield chunk({"tool_calls": [{"index": n, **tool, "function": {"name": function["name"], "arguments": ""}}]})
        for at in range(0, len(function["arguments"]), 5):
            piece = function["arguments"][at:at + 5]
            yield chunk({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})
    yield chunk({}, reason)
    yield {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}
    yield "[DONE]"


def messages(model, text, calls, thought):
    blocks = [{"type": "thinking", "thinking": thought, "signature": SIGNATURE}] if thought else []
    blocks += [{"type": "text", "text": text}] if text else []
    blocks += [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": json.loads(arguments)}
        for n, (name, arguments) in enumerate(calls)
    ]
    reason = "tool_use" if calls else "end_turn"
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": blocks,
             "stop_reason": reason, "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 7}}
    yield whole
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    if text == "slow":
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    while text == "slow":
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "on and on "}}
        time.sleep(0.05)
    for n, block in enumerate(blocks):
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}
        yield {"type": "content_block_start", "index": n, "content_block": {**block, **empty[block["type"]]}}
        name, source = {
            "text": ("text", block.get("text")),
            "thinking": ("thinking", block.get("thinking")),
            "tool_use": ("partial_json", json.dumps(block.get("input"))),
        }[block["type"]]
        kind = "input_json_delta" if name == "partial_json" else f"{name}_delta"
        for at in range(0, len(source), 4):
            delta = {"type": kind, name: source[at:at + 4]}
            yield {"type": "content_block_delta", "index": n, "delta": delta}
        if block["type"] == "thinking":
            delta = {"type": "signature_delta", "signature": SIGNATURE}
            yield {"type": "content_block_delta", "index": n, "delta": delta}
        yield {"type": "content_block_stop", "index": n}
    yield {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None},
           "usage": {"output_tokens": 7}}
    yield {"type": "message_stop"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        is_chat = self.path.startswith("/v1/chat/completions")
        is_messages = self.path.split("?")[0] == "/v1/messages"
        given = self.headers.get("Authorization") if is_chat else self.headers.get("x-api-key")
        if given != (f"Bearer {KEY}" if is_chat else KEY) or "llmenv_" in str(self.headers):
            print("BAD-KEY", flush=True)
            return self.send(401, {"error": {"message": "not the key", "type": "authentication_error"}})
        if not (is_chat or is_messages):
            return self.send(404, {"error": {"message": "no such path", "type": "not_found_error"}})
        status, text, calls, thought = plan(body, is_chat)
        stream = bool(body.get("stream"))
        grammar = "chat" if is_chat else "messages"
        print(grammar, "stream" if stream else "whole", len(body.get("tools") or []), status, flush=True)
        if status != 200:
            error = {"message": text, "type": "rate_limit_error" if status == 429 else "invalid_request_error"}
            return self.send(status, {"error": error} if is_chat else {"type": "error", "error": error})
        parts = (chat if is_chat else messages)(body["model"], text, calls, thought)
        whole = next(parts)
        if not stream:
            return self.send(200, whole)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for part in parts:
            data = part if isinstance(part, str) else json.dumps(part)
            name = "" if is_chat else f"event: {part['type']}\n"
            try:
                self.wfile.write(f"{name}data: {data}\n\n".encode())
                self.wfile.flush()
            except OSError:
                global gone
                gone += 1
                return


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
