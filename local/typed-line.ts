import { type CallScript, isKey, type TwilioSimulator } from './twilio-simulator/simulator.ts';

export const TYPING = 'Enter places an incoming call; 0-9, * or # and Enter presses a key in it.';

/**
 * Does what a typed line asks for: nothing places a call, a key is pressed in the newest call that is on.
 *
 * @returns what to answer where no event of the simulator does
 */
export function obey(line: string, simulator: TwilioSimulator, script: CallScript): string | undefined {
  const typed = line.trim();
  if (typed === '') {
    simulator.placeCall(script);
    return undefined;
  }
  if (!isKey(typed)) {
    return TYPING;
  }
  const newest = [...simulator.calls.values()].findLast(({ endedAt }) => endedAt === undefined);
  if (!newest) {
    return 'No call is on.';
  }
  simulator.pressKey(newest.sid, typed);
  return undefined;
}
