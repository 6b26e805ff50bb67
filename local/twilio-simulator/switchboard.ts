import { Call } from './call.ts';
import { Dice } from './random.ts';
import type { CallScript } from './script.ts';
import type { World } from './world.ts';

/** Makes a call known; `call-flow.ts` lets it happen. */
export function addCall(world: World, script: CallScript): Call {
  const { from, to, direction = 'inbound' } = script;
  const dice = new Dice(world.seed, `call/${world.placedCalls.size}`);
  const identity = { ...identify(world, dice), from, to, direction, script };
  const call = new Call(identity, direction === 'inbound' ? 'ringing' : 'queued', world.clock);
  world.placedCalls.set(call.sid, call);
  register(world, call);
  return call;
}

/** The leg that a `<Dial>` makes: a Call of its own in Twilio's lists, whose caller is the caller of its parent. */
export function addLeg(world: World, parent: Call, to: string): Call {
  const dice = new Dice(world.seed, `${parent.sid}/leg/${parent.dialledLegs.length}`);
  const { from, script } = parent;
  const identity = {
    ...identify(world, dice),
    from,
    to,
    direction: 'outbound-dial',
    script,
    parent,
  } as const;
  const leg = new Call(identity, 'queued', world.clock);
  parent.dialledLegs.push(leg);
  register(world, leg);
  return leg;
}

function identify(world: World, dice: Dice) {
  return {
    sid: dice.sid('CA'),
    ordinal: world.calls.nextOrdinal,
    accountSid: world.credentials.accountSid,
    dice,
  };
}

function register(world: World, call: Call): void {
  world.calls.add(call);
  world.liveCalls.add(call);
  const { sid: callSid, direction, from, to, status } = call;
  world.emit({ type: 'call-placed', callSid, direction, from, to });
  world.emit({ type: 'call-status', callSid, status });
}
