"""The SDKs for Python against the proxy: one line `SCENARIO ok` or `SCENARIO fault` each. Argument: which SDK and route."""

import sys
import time

which = sys.argv[1]
MODEL = "mock"
ONE = '[[tool add {"a": 40, "b": 2}]]'
TWO = ONE + ' [[tool add {"a": 1, "b": 1}]]'
THOUGHT = "let-me-think-42"
KEPT = "RESULT<<<42>>> THOUGHT-KEPT"
# A picture of one pixel, and what the upstream says when it has arrived whole.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SEEN = "pong-42 IMAGES<<<image/png 70>>>"
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "required": ["a", "b"]}


def report(name, run, fails=None):
    try:
        got = run()
        told = "ok" if got else "wrong answer"
    except Exception as error:
        wanted = fails and fails(error)
        told = "ok" if wanted else f"{type(error).__name__}: {str(error)[:150]}"
    else:
        if fails:
            told = "no error came"
    print(name, told.replace("\n", " "), flush=True)


def leaves(begin, count):
    """Leaves a stream after its first part; the upstream has to notice. `count`: what it says of those who left."""
    before, until = count(), time.time() + 30
    begin()
    while count() == before:
        if time.time() > until:
            return False
        time.sleep(0.1)
    return True


def chat():
    import json

    import openai

    client = openai.OpenAI(max_retries=0)
    tools = [{"type": "function", "function": {"name": "add", "parameters": SCHEMA}}]

    def ask(prompt, **more):
        return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": prompt}], **more)

    def loop(prompt, wanted):
        first = ask(prompt, tools=tools).choices[0].message
        turn = [{"role": "user", "content": prompt}, first.model_dump(exclude_none=True)]
        for call in first.tool_calls:
            given = json.loads(call.function.arguments)
            turn.append({"role": "tool", "tool_call_id": call.id, "content": str(given["a"] + given["b"])})
        last = client.chat.completions.create(model=MODEL, messages=turn, tools=tools)
        return last.choices[0].message.content == wanted

    def stream():
        parts = ask("hi", stream=True, stream_options={"include_usage": True})
        text, usage = "", None
        for part in parts:
            text += "".join(choice.delta.content or "" for choice in part.choices)
            usage = part.usage or usage
        return text == "pong-42" and usage.total_tokens == 18

    def thinking():
        said = ask("[[think]]").choices[0].message
        return said.content == "pong-42" and said.reasoning_content == THOUGHT and loop("[[think]] " + ONE, KEPT)

    picture = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PNG}},
    ]
    def begin():
        with ask("[[slow]]", stream=True) as parts:
            next(iter(parts))

    report("cancel", lambda: leaves(begin, lambda: ask("[[gone]]").choices[0].message.content))
    report("text", lambda: ask("hi").choices[0].message.content == "pong-42")
    report("tool", lambda: loop(ONE, "RESULT<<<42>>>"))
    report("parallel", lambda: loop(TWO, "RESULT<<<42|2>>>"))
    report("stream", stream)
    report("image", lambda: ask(picture).choices[0].message.content == SEEN)
    report("thinking", thinking)
    report("error", lambda: ask("[[error 429]]"), lambda error: isinstance(error, openai.RateLimitError))


def responses():
    import json

    import openai

    client = openai.OpenAI(max_retries=0)
    tools = [{"type": "function", "name": "add", "parameters": SCHEMA, "strict": False}]

    def loop(prompt, wanted):
        turn = [{"role": "user", "content": prompt}]
        first = client.responses.create(model=MODEL, input=turn, tools=tools)
        for item in first.output:
            turn.append(item.model_dump(exclude_none=True))
        for item in first.output:
            if item.type == "function_call":
                given = json.loads(item.arguments)
                turn.append({"type": "function_call_output", "call_id": item.call_id, "output": str(given["a"] + given["b"])})
        return client.responses.create(model=MODEL, input=turn, tools=tools).output_text == wanted

    def stream():
        text = ""
        with client.responses.stream(model=MODEL, input="hi") as events:
            for event in events:
                text += event.delta if event.type == "response.output_text.delta" else ""
            return text == "pong-42" and events.get_final_response().usage.total_tokens == 18

    def thinking():
        said = client.responses.create(model=MODEL, input="[[think]]", include=["reasoning.encrypted_content"])
        thoughts = [part.text for item in said.output if item.type == "reasoning" for part in item.summary]
        return said.output_text == "pong-42" and thoughts == [THOUGHT] and loop("[[think]] " + ONE, KEPT)

    picture = [{"role": "user", "content": [
        {"type": "input_text", "text": "what is this?"},
        {"type": "input_image", "image_url": "data:image/png;base64," + PNG, "detail": "auto"},
    ]}]
    def begin():
        with client.responses.create(model=MODEL, input="[[slow]]", stream=True) as parts:
            next(iter(parts))

    report("cancel", lambda: leaves(begin, lambda: client.responses.create(model=MODEL, input="[[gone]]").output_text))
    report("text", lambda: client.responses.create(model=MODEL, input="hi").output_text == "pong-42")
    report("tool", lambda: loop(ONE, "RESULT<<<42>>>"))
    report("parallel", lambda: loop(TWO, "RESULT<<<42|2>>>"))
    report("stream", stream)
    report("image", lambda: client.responses.create(model=MODEL, input=picture).output_text == SEEN)
    report("thinking", thinking)
    report(
        "error",
        lambda: client.responses.create(model=MODEL, input="[[error 429]]"),
        lambda error: isinstance(error, openai.RateLimitError),
    )


def anthropic_messages():
    import anthropic

    client = anthropic.Anthropic(max_retries=0)
    tools = [{"name": "add", "input_schema": SCHEMA}]

    def ask(turn, **more):
        return client.messages.create(model=MODEL, max_tokens=100, messages=turn, **more)

    def said(prompt):
        return [{"role": "user", "content": prompt}]

    def loop(prompt, wanted):
        first = ask(said(prompt), tools=tools)
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": str(block.input["a"] + block.input["b"])}
            for block in first.content if block.type == "tool_use"
        ]
        turn = said(prompt) + [{"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]}]
        return ask(turn + [{"role": "user", "content": results}], tools=tools).content[0].text == wanted

    def stream():
        with client.messages.stream(model=MODEL, max_tokens=100, messages=said("hi")) as events:
            text = "".join(events.text_stream)
            return text == "pong-42" and events.get_final_message().usage.output_tokens == 7

    def thinking():
        content = ask(said("[[think]]")).content
        thoughts = [block.thinking for block in content if block.type == "thinking"]
        return thoughts == [THOUGHT] and content[-1].text == "pong-42" and loop("[[think]] " + ONE, KEPT)

    picture = [
        {"type": "text", "text": "what is this?"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ]
    def begin():
        with client.messages.stream(model=MODEL, max_tokens=100, messages=said("[[slow]]")) as events:
            next(iter(events))

    report("cancel", lambda: leaves(begin, lambda: ask(said("[[gone]]")).content[0].text))
    report("text", lambda: ask(said("hi")).content[0].text == "pong-42")
    report("tool", lambda: loop(ONE, "RESULT<<<42>>>"))
    report("parallel", lambda: loop(TWO, "RESULT<<<42|2>>>"))
    report("stream", stream)
    report("image", lambda: ask(said(picture)).content[0].text == SEEN)
    report("thinking", thinking)
    report("error", lambda: ask(said("[[error 429]]")), lambda error: isinstance(error, anthropic.RateLimitError))


{"chat": chat, "responses": responses, "messages": anthropic_messages}[which]()
