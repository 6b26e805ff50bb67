import { credentialsFromSeed } from './credentials.ts';
import { startLocalRecorder } from './recorder.ts';
import { tableOf } from './rows-table.ts';
import { Timeline } from './timeline.ts';
import { TwilioSimulator } from './twilio-simulator/simulator.ts';
import { isRight, judge } from './verdict.ts';

/** A call that is answered so late that the first creates are refused: that the recorder has to try again is its point. */
const ANSWER_MS = 1_100;
const TALK_MS = 6_000;
const APPLICATION = '<Response><Say>Welcome. How can we help you today?</Say><Pause length="60"/></Response>';

/** Places one incoming call and tells its story. Returns whether it went as it should. */
export async function runOneCall(seed: number, print: (line: string) => void): Promise<boolean> {
  const credentials = credentialsFromSeed(seed);
  await using simulator = await TwilioSimulator.start({
    seed,
    credentials,
    network: { answerMs: ANSWER_MS },
  });
  const timeline = new Timeline(print);
  simulator.onEvent(timeline.twilio);
  print('Synthesizing the app and hosting its template on this machine...\n');
  await using recorder = await startLocalRecorder({
    twilioApiBaseUrl: simulator.url,
    credentials,
    notice: true,
    provisionedConcurrency: 1,
    onEvent: timeline.host,
  });
  const call = simulator.placeCall({
    from: '+15550200123',
    to: '+15550100100',
    voiceUrl: recorder.voiceUrl(simulator.hostApplication(APPLICATION)),
    talkMs: TALK_MS,
  });
  await simulator.idle();
  await recorder.host.idle();

  const rows = await recorder.rows();
  print(`\nThe rows of ${call.sid}:\n`);
  print(tableOf(rows));
  const verdict = judge([call], rows);
  for (const finding of verdict.findings) {
    print(finding);
  }
  if (verdict.recorded === 1) {
    print(
      `\nRecorded once: ${verdict.createsPerRecording} creates, ${verdict.lostAudioMs.p50} ms between the first moment at which Twilio would have accepted one and the recording.`,
    );
  }
  return isRight(verdict) && verdict.recorded === 1;
}
