import { type CloudFaults, type EffectFault, NO_CLOUD_FAULTS } from '../../../local/faults/cloud-faults.ts';
import { Draws } from '../../../local/simulation/draws.ts';
import { MemoryTable } from '../../../local/simulation/dynamodb.ts';
import { Effects, type Invocation } from '../../../local/simulation/effects.ts';
import { History } from '../../../local/simulation/history.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';

export const CALL_SID = `CA${'7'.repeat(32)}`;
export const START = Date.UTC(2026, 0, 1);

/** What befalls one effect after the other; nothing befalls those after them. */
export function faultsInOrder(...faults: EffectFault[]): CloudFaults {
  const left = [...faults];
  return { ...NO_CLOUD_FAULTS, effect: () => left.shift() ?? 'none' };
}

/** A table, and effects on it under the faults, in virtual time. */
export function rig(faults: CloudFaults = NO_CLOUD_FAULTS) {
  const time = VirtualTime.install({ startAt: START, seed: 1 });
  const draws = new Draws(1);
  const history = new History();
  const effects = new Effects(faults, draws, history);
  const table = new MemoryTable({
    TableName: 'calls',
    AttributeDefinitions: [
      { AttributeName: 'CallSid', AttributeType: 'S' },
      { AttributeName: 'Item', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'CallSid', KeyType: 'HASH' },
      { AttributeName: 'Item', KeyType: 'RANGE' },
    ],
  });
  const invocation: Invocation = {
    requestId: 'request-1',
    functionId: 'start-recording',
    callSid: CALL_SID,
    dead: false,
    crash: () => {
      invocation.dead = true;
    },
  };
  return {
    time,
    draws,
    history,
    effects,
    table,
    invocation,
    /** `phase operation` of each entry of the call's history. */
    story: () => history.of(CALL_SID).map(({ operation, phase }) => `${operation} ${phase}`),
    [Symbol.dispose]: () => time[Symbol.dispose](),
  };
}
