// The SDKs for Node against the proxy: one line `SCENARIO ok` or `SCENARIO fault` each. Argument: which SDK and route.
const MODEL = "mock";
const ONE = '[[tool add {"a": 40, "b": 2}]]';
const TWO = ONE + ' [[tool add {"a": 1, "b": 1}]]';
const THOUGHT = "let-me-think-42";
const KEPT = "RESULT<<<42>>> THOUGHT-KEPT";
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SEEN = "pong-42 IMAGES<<<image/png 70>>>";
const SCHEMA = { type: "object", properties: { a: { type: "integer" }, b: { type: "integer" } }, required: ["a", "b"] };

async function report(name, run, status) {
  let told;
  try {
    told = (await run()) ? "ok" : "wrong answer";
    if (status) told = "no error came";
  } catch (error) {
    told = status && error.status === status ? "ok" : `${error.name}: ${String(error.message).slice(0, 150)}`;
  }
  console.log(name, told.replaceAll("\n", " "));
}

// Leaves a stream after its first part; the upstream has to notice. `count`: what it says of those who left.
async function leaves(begin, count) {
  const before = await count();
  for await (const _ of await begin()) break;
  for (let tries = 0; tries < 300; tries++) {
    if ((await count()) !== before) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}

const sum = (given) => String(given.a + given.b);

async function chat() {
  const { default: OpenAI } = await import("openai");
  const client = new OpenAI({ maxRetries: 0 });
  const tools = [{ type: "function", function: { name: "add", parameters: SCHEMA } }];
  const ask = (messages, more = {}) => client.chat.completions.create({ model: MODEL, messages, ...more });
  const said = (content) => [{ role: "user", content }];
  const loop = async (prompt, wanted) => {
    const first = (await ask(said(prompt), { tools })).choices[0].message;
    const results = first.tool_calls.map((call) => ({
      role: "tool", tool_call_id: call.id, content: sum(JSON.parse(call.function.arguments)),
    }));
    return (await ask([...said(prompt), first, ...results], { tools })).choices[0].message.content === wanted;
  };
  const gone = async () => (await ask(said("[[gone]]"))).choices[0].message.content;
  await report("cancel", () => leaves(() => ask(said("[[slow]]"), { stream: true }), gone));
  await report("text", async () => (await ask(said("hi"))).choices[0].message.content === "pong-42");
  await report("tool", () => loop(ONE, "RESULT<<<42>>>"));
  await report("parallel", () => loop(TWO, "RESULT<<<42|2>>>"));
  await report("stream", async () => {
    let text = "";
    for await (const part of await ask(said("hi"), { stream: true })) text += part.choices[0]?.delta?.content ?? "";
    return text === "pong-42";
  });
  await report("image", async () => {
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64," + PNG } };
    return (await ask(said([{ type: "text", text: "what is this?" }, picture]))).choices[0].message.content === SEEN;
  });
  await report("thinking", async () => {
    const message = (await ask(said("[[think]]"))).choices[0].message;
    return message.reasoning_content === THOUGHT && message.content === "pong-42" && loop("[[think]] " + ONE, KEPT);
  });
  await report("error", () => ask(said("[[error 429]]")), 429);
}

async function messages() {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const client = new Anthropic({ maxRetries: 0 });
  const tools = [{ name: "add", input_schema: SCHEMA }];
  const ask = (messages, more = {}) => client.messages.create({ model: MODEL, max_tokens: 100, messages, ...more });
  const said = (content) => [{ role: "user", content }];
  const loop = async (prompt, wanted) => {
    const first = await ask(said(prompt), { tools });
    const results = first.content
      .filter((block) => block.type === "tool_use")
      .map((block) => ({ type: "tool_result", tool_use_id: block.id, content: sum(block.input) }));
    const turn = [...said(prompt), { role: "assistant", content: first.content }, { role: "user", content: results }];
    return (await ask(turn, { tools })).content[0].text === wanted;
  };
  const gone = async () => (await ask(said("[[gone]]"))).content[0].text;
  await report("cancel", () => leaves(() => ask(said("[[slow]]"), { stream: true }), gone));
  await report("text", async () => (await ask(said("hi"))).content[0].text === "pong-42");
  await report("tool", () => loop(ONE, "RESULT<<<42>>>"));
  await report("parallel", () => loop(TWO, "RESULT<<<42|2>>>"));
  await report("stream", async () => {
    const stream = client.messages.stream({ model: MODEL, max_tokens: 100, messages: said("hi") });
    return (await stream.finalText()) === "pong-42";
  });
  await report("image", async () => {
    const picture = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
    return (await ask(said([{ type: "text", text: "what is this?" }, picture]))).content[0].text === SEEN;
  });
  await report("thinking", async () => {
    const content = (await ask(said("[[think]]"))).content;
    const thoughts = content.filter((block) => block.type === "thinking").map((block) => block.thinking);
    return thoughts.join() === THOUGHT && content.at(-1).text === "pong-42" && loop("[[think]] " + ONE, KEPT);
  });
  await report("error", () => ask(said("[[error 429]]")), 429);
}

await { chat, messages }[process.argv[2]]();
