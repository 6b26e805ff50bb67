import { masked } from '../../cli/text.ts';
import type { HostEvent } from '../host/events.ts';
import { callSidOfLog, type Line, lineOfHost, lineOfLog, lineOfTwilio } from '../timeline.ts';
import type { SimulatorEvent } from '../twilio-simulator/simulator.ts';
import { metricsIn } from './emf.ts';
import type { CallFacts, PageEvent, StoryLine, Tone } from './model.ts';

/** What an event of the simulated Twilio is to the page. */
export function ofTwilio(event: SimulatorEvent): readonly PageEvent[] {
  if (event.callSid === undefined) {
    return [];
  }
  const anonymous =
    event.type === 'call-placed' ? { ...event, from: masked(event.from), to: masked(event.to) } : event;
  const { callSid, at } = event;
  return [
    {
      type: 'call',
      callSid,
      at,
      announces: event.type === 'call-placed',
      ...factsOfTwilio(anonymous),
      ...storyLine(at, lineOfTwilio(anonymous)),
    },
  ];
}

/** What an event of the host is to the page, beside a Twilio that tells its own events. */
export function ofHost(event: HostEvent): readonly PageEvent[] {
  switch (event.type) {
    case 'log':
      return metricsIn(event.line).map((measured) => ({ type: 'measured', ...measured }));
    case 'executionStarted':
      return ofExecution(event, { execution: 'RUNNING', ...addressesIn(event.input) });
    case 'stateEntered':
      return ofExecution(event, { state: event.state });
    case 'executionEnded':
      return ofExecution(event, { execution: event.status });
    default:
      return [];
  }
}

/** What an event of the host is to the page where nobody else tells anything. */
export function ofHostAlone(event: HostEvent): readonly PageEvent[] {
  if (event.type !== 'log') {
    return ofHost(event);
  }
  const callSid = callSidOfLog(event.line);
  return callSid === undefined
    ? ofHost(event)
    : [{ type: 'call', callSid, at: event.at, ...storyLine(event.at, lineOfLog(event.line)) }];
}

function ofExecution(
  event: Extract<HostEvent, { execution: string }>,
  facts: CallFacts,
): readonly PageEvent[] {
  // An execution that took the place of another one has a longer name.
  const [callSid] = /^CA[0-9a-f]{32}/.exec(event.execution) ?? [];
  if (callSid === undefined) {
    return [];
  }
  const { at } = event;
  const announces = event.type === 'executionStarted';
  return [{ type: 'call', callSid, at, announces, facts, ...storyLine(at, lineOfHost(event)) }];
}

function factsOfTwilio(event: SimulatorEvent): { facts?: CallFacts } {
  switch (event.type) {
    case 'call-placed':
      return { facts: { from: event.from, to: event.to, status: 'queued' } };
    case 'call-status':
      return { facts: { status: event.status } };
    case 'recording-started':
      return { facts: { recording: 'recording' } };
    case 'recording-paused':
      return { facts: { recording: 'paused' } };
    case 'recording-resumed':
      return { facts: { recording: 'recording' } };
    case 'recording-finished':
      return { facts: { recording: event.status } };
    default:
      return {};
  }
}

function addressesIn(input: unknown): CallFacts {
  const { from, to } = Object(input);
  return {
    ...(typeof from === 'string' && { from: masked(from) }),
    ...(typeof to === 'string' && { to: masked(to) }),
  };
}

const TONES: Readonly<Record<string, Tone>> = { green: 'good', yellow: 'odd', red: 'bad', bold: 'strong' };

function storyLine(at: number, line: Line | undefined): { line?: StoryLine } {
  if (!line) {
    return {};
  }
  const { who, what, style } = line;
  const tone = TONES[String([style].flat().at(-1))];
  return { line: { at, who, what, ...(tone && { tone }) } };
}
