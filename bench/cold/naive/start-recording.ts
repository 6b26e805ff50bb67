import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import twilio from 'twilio';

/** The task as it is usually written: the whole package, CDK's default bundling. */
const secrets = new SecretsManager();
const dynamodb = new DynamoDB();

/** Sends the package's requests to the benchmark's stand-in: the package itself knows only hosts of Twilio's. */
class RedirectedClient extends twilio.RequestClient {
  override request<TData>(options: Parameters<twilio.RequestClient['request']>[0]) {
    const { pathname, search } = new URL(options.uri);
    return super.request<TData>({
      ...options,
      data: options.data as TData,
      uri: `${process.env.TWILIO_STAND_IN}${pathname}${search}`,
    });
  }
}

export const handler = async (event: { call: { callSid: string } }) => {
  const { SecretString = '{}' } = await secrets.getSecretValue({ SecretId: process.env.SECRET_ARN });
  const { accountSid, apiKeySid, apiKeySecret } = JSON.parse(SecretString);
  const client = twilio(apiKeySid, apiKeySecret, { accountSid, httpClient: new RedirectedClient() });
  const recording = await client.calls(event.call.callSid).recordings.create({
    recordingChannels: 'dual',
    recordingStatusCallback: `${process.env.PUBLIC_BASE_URL}/recording-status`,
    recordingStatusCallbackEvent: ['in-progress completed absent'],
  });
  await dynamodb.putItem({
    TableName: process.env.TABLE_NAME,
    Item: { CallSid: { S: event.call.callSid }, Item: { S: 'CALL' }, RecordingSid: { S: recording.sid } },
  });
  return { recordingSid: recording.sid };
};
