import type { Call } from './call.ts';
import { answer } from './call-progress.ts';
import type { Key } from './keys.ts';
import { promptMs } from './prompt.ts';
import type { Verb } from './twiml.ts';
import type { World } from './world.ts';

type GatherVerb = Extract<Verb, { verb: 'Gather' }>;

/**
 * Prompts the caller and listens for keys. Resolves once that is over, to the parameters of the `action` request, or
 * to `undefined` where the document goes on instead. https://www.twilio.com/docs/voice/twiml/gather
 */
export async function gather(
  world: World,
  call: Call,
  verb: GatherVerb,
  actionUrl: string,
): Promise<Record<string, string> | undefined> {
  await answer(world, call);
  const digits = await listen(world, call, verb, actionUrl);
  if (digits !== '') return { Digits: digits };
  if (!verb.actionOnEmptyResult) return undefined;
  return world.behaviour.emptyDigits === 'empty' ? { Digits: '' } : {};
}

/** Presses a key on the other side's phone; returns whether a `<Gather>` heard it. */
export function pressKey(world: World, call: Call, key: Key): boolean {
  if (call.waiting.cancelled) return false;
  const { listener } = call;
  const heard = listener !== undefined;
  call.keysPressed.push({ at: world.now(), key, heardBy: listener?.actionUrl });
  world.emit({ type: 'key-pressed', callSid: call.sid, key, heard });
  listener?.hear(key);
  return heard;
}

async function listen(
  world: World,
  call: Call,
  { prompts, seconds, numDigits, finishOnKey }: GatherVerb,
  actionUrl: string,
): Promise<string> {
  const { clock, behaviour } = world;
  const timeoutMs = seconds * 1_000;
  const over = Promise.withResolvers<void>();
  let digits = '';
  const end = () => {
    // At once: a key that is pressed in the same moment is not heard any more.
    call.listener = undefined;
    over.resolve();
  };
  let timer = clock.setTimeout(
    end,
    prompts.reduce((ms, prompt) => ms + promptMs(prompt), timeoutMs),
  );
  const hear = (key: Key) => {
    if (key === finishOnKey) {
      if (digits !== '' || behaviour.finishOnKeyFirst === 'ends') end();
      return;
    }
    digits += key;
    if (digits.length === numDigits) return end();
    // What is left of the prompts goes with the old timer.
    clock.clearTimeout(timer);
    timer = clock.setTimeout(end, timeoutMs);
  };
  call.listener = { actionUrl, hear };
  world.emit({ type: 'gathering', callSid: call.sid, url: actionUrl });
  pressScriptedKeys(world, call);
  await call.waiting.race(over.promise).finally(() => clock.clearTimeout(timer));
  return digits;
}

function pressScriptedKeys(world: World, call: Call): void {
  const { keys = [] } = call.script;
  for (const { key, afterMs } of keys[call.gathers] ?? []) {
    world.activities.track(call.waiting.for(afterMs).then(() => pressKey(world, call, key)));
  }
  call.gathers += 1;
}
