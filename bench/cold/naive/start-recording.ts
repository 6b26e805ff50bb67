import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import twilio from 'twilio';
import { z } from 'zod';
import { count, logger, Secret } from './toolbox.ts';

/** The task as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const dynamodb = DynamoDBDocument.from(new DynamoDB());
const Event = z.object({ call: z.object({ callSid: z.string() }) });

/** Sends the package's requests to the benchmark's stand-in: the package itself knows only hosts of Twilio's. */
class RedirectedClient extends twilio.RequestClient {
  override request<TData>(options: Parameters<twilio.RequestClient['request']>[0]) {
    const { pathname, search } = new URL(options.uri);
    const uri = `${process.env.TWILIO_STAND_IN}${pathname}${search}`;
    return super.request<TData>({ ...options, data: options.data as TData, uri });
  }
}

export const handler = async (event: unknown) => {
  const { callSid } = Event.parse(event).call;
  const { SecretString = '{}' } = await secrets.getSecretValue({ SecretId: process.env.SECRET_ARN });
  const { accountSid, apiKeySid, apiKeySecret } = Secret.parse(JSON.parse(SecretString));
  const client = twilio(apiKeySid, apiKeySecret, { accountSid, httpClient: new RedirectedClient() });
  const recording = await client.calls(callSid).recordings.create({
    recordingChannels: 'dual',
    recordingStatusCallback: `${process.env.PUBLIC_BASE_URL}/recording-status`,
    recordingStatusCallbackEvent: ['in-progress completed absent'],
  });
  await dynamodb.put({
    TableName: process.env.TABLE_NAME,
    Item: { CallSid: callSid, Item: 'CALL', RecordingSid: recording.sid },
  });
  logger.info('Recording started', { callSid });
  count('RecordingStarted');
  return { recordingSid: recording.sid };
};
