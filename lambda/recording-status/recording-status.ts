import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { revive } from '../recording/executions-of-a-call.ts';
import type { Applied, CallFacts, CallStore } from '../recording/store.ts';
import { METRICS } from '../shared/contract.ts';
import { describeError } from '../shared/errors.ts';
import type { Executions } from '../shared/executions.ts';
import type { SecretSource } from '../shared/secret.ts';
import type { TaskTokens } from '../shared/task-tokens.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { authenticate } from '../twilio/authenticate.ts';
import { parseRequest, RecordingStatusRequest } from '../twilio/requests.ts';
import { type Refusal, readWebhook, refusal, refusalResponse } from '../twilio/webhook.ts';

type EndOfWait = 'release' | 'reportUnwanted' | 'reportDouble';

/** Which word ends the wait of an execution whose call is like this; undefined while it goes on. */
const reasonToEnd = ({ final, unwanted, doubled }: Applied['summary']): EndOfWait | undefined => {
  if (final) {
    return 'release';
  }
  if (unwanted) {
    return 'reportUnwanted';
  }
  return doubled ? 'reportDouble' : undefined;
};

export interface RecordingStatusDependencies {
  readonly secrets: SecretSource;
  readonly store: Pick<CallStore, 'apply'>;
  readonly taskTokens: Pick<TaskTokens, EndOfWait>;
  readonly executions: Pick<Executions, 'start' | 'status'>;
  readonly telemetry: Telemetry;
  readonly publicBaseUrl: string;
}

/**
 * Keeps what Twilio's recording status callback says. 204 when it is stored or was known; 4xx for what is not Twilio's
 * callback; 503 when another try may succeed, which the callback's URL makes Twilio do.
 */
export function recordingStatus({
  secrets,
  store,
  taskTokens,
  executions,
  telemetry,
  publicBaseUrl,
}: RecordingStatusDependencies) {
  return async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const webhook = readWebhook(event, publicBaseUrl);
    if (webhook.refused) {
      return refuse(webhook);
    }
    const authentication = await authenticate(webhook, secrets);
    if (authentication.kind === 'unverifiable') {
      telemetry.count(METRICS.signatureUnverifiable);
      telemetry.error('The signature of a callback cannot be verified; Twilio will send it again', {
        error: describeError(authentication.error),
      });
      return { statusCode: 503 };
    }
    if (authentication.kind === 'forged') {
      return refuse(refusal(403, 'the signature is not Twilio’s'));
    }
    const callback = parseRequest(RecordingStatusRequest, webhook.parameters);
    if (!callback) {
      return refuse(refusal(400, 'the parameters are not those of a recording status callback'));
    }
    if (callback.AccountSid !== authentication.secret.accountSid) {
      return refuse(refusal(403, 'the account is another one'));
    }
    const call: CallFacts = {
      callSid: callback.CallSid,
      accountSid: callback.AccountSid,
      origin: 'callback',
    };
    try {
      const applied = await keep(call, callback);
      report(callback, applied);
      await endWait(call, applied);
      return { statusCode: 204 };
    } catch (error) {
      telemetry.error('A callback could not be acted on; Twilio will send it again', {
        callSid: callback.CallSid,
        recordingSid: callback.RecordingSid,
        error: describeError(error),
      });
      return { statusCode: 503 };
    }
  };

  function keep(call: CallFacts, callback: RecordingStatusRequest): Promise<Applied> {
    return store.apply(call, {
      type: 'recording',
      source: 'callback',
      recording: {
        recordingSid: callback.RecordingSid,
        status: callback.RecordingStatus,
        source: callback.RecordingSource,
        startTime: callback.RecordingStartTime,
        duration: callback.RecordingDuration,
        channels: callback.RecordingChannels,
        track: callback.RecordingTrack,
        url: callback.RecordingUrl,
        errorCode: callback.ErrorCode,
      },
    });
  }

  /**
   * Ends the execution's wait, if what the rows say now is a reason. If that fails, what is stored stays stored. That all
   * is over can wait until the wait ends by itself; what runs and should not is reported again when Twilio comes again.
   * Where nobody waits and no execution runs, another one is started, which a sweep would do only in a minute.
   */
  async function endWait(call: CallFacts, { summary, taskToken }: Applied): Promise<void> {
    const tell = reasonToEnd(summary);
    if (tell === undefined) {
      return;
    }
    const { callSid } = call;
    try {
      const isTold = taskToken !== undefined && (await taskTokens[tell](taskToken));
      if (!isTold && !summary.ended && (await revive(executions, call))) {
        telemetry.count(METRICS.executionRevived);
        telemetry.error('No execution looked after a recording that should not run; another one does', {
          callSid,
        });
      }
    } catch (error) {
      telemetry.warn('The execution could not be told how the call is', {
        callSid,
        error: describeError(error),
      });
      if (tell !== 'release') {
        throw error;
      }
    }
  }

  function report(callback: RecordingStatusRequest, { effect, unknownCall, summary }: Applied): void {
    const details = {
      callSid: callback.CallSid,
      recordingSid: callback.RecordingSid,
      recordingStatus: callback.RecordingStatus,
    };
    telemetry.count(METRICS.callbackReceived);
    if (unknownCall) {
      telemetry.count(METRICS.callbackUnknownCall);
      telemetry.warn('A callback of a call that no webhook announced', details);
    }
    if (effect === 'nothing-new') {
      telemetry.count(METRICS.callbackDuplicate);
    }
    if (effect === 'conflict') {
      telemetry.count(METRICS.callbackConflict);
      telemetry.warn('A callback contradicts the final status that is stored', {
        ...details,
        stored: summary.recordingStatus,
      });
    }
    telemetry.info('Callback kept', { ...details, effect });
  }

  function refuse(refused: Refusal): APIGatewayProxyStructuredResultV2 {
    telemetry.count(METRICS.requestRefused);
    return refusalResponse(refused);
  }
}
