import { type App, CfnOutput, Duration, Stack, Tags } from 'aws-cdk-lib';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CallRecorder } from './call-recorder.ts';
import type { RecorderConfiguration } from './configuration.ts';

/** A stack with one recorder, and outputs that are ready to paste. */
export class CallRecorderStack extends Stack {
  constructor(scope: App, id: string, configuration: RecorderConfiguration) {
    super(scope, id, { description: 'Records incoming Twilio calls' });
    for (const [name, value] of Object.entries(configuration.tags)) {
      Tags.of(this).add(name, value);
    }
    const recorder = new CallRecorder(this, 'Recorder', {
      consent: configuration.consent,
      notice: configuration.notice,
      question: configuration.question,
      ...(configuration.optOutKey !== undefined && { optOutKey: configuration.optOutKey }),
      optedOut: configuration.optedOut,
      otherwise: configuration.otherwise,
      whenNotRecorded: configuration.whenNotRecorded,
      refusal: configuration.refusal,
      recording: configuration.recording,
      startWith: configuration.startWith,
      startDelay: Duration.seconds(configuration.startDelaySeconds),
      ringTimeout: Duration.seconds(configuration.ringTimeoutSeconds),
      reconcileAfter: Duration.seconds(configuration.reconcileAfterSeconds),
      control: configuration.control,
      resumeAfter:
        configuration.resumeAfterSeconds === false
          ? false
          : Duration.seconds(configuration.resumeAfterSeconds),
      ...(configuration.compliance && { compliance: configuration.compliance }),
      ...(configuration.callbackConcurrency !== undefined && {
        callbackConcurrency: configuration.callbackConcurrency,
      }),
      deployment: configuration.deployment,
      ...(configuration.alarmEmail !== undefined && { alarmEmail: configuration.alarmEmail }),
      ...(configuration.runbookUrl !== undefined && { runbookUrl: configuration.runbookUrl }),
      retention: Duration.days(configuration.retentionDays),
      logRetention: configuration.logRetentionDays as RetentionDays,
      ...(configuration.publicBaseUrl && { publicBaseUrl: configuration.publicBaseUrl }),
      twilioApiBaseUrl: configuration.twilioApiBaseUrl,
    });
    new CfnOutput(this, 'VoiceUrl', {
      description: 'Voice URL of a number that has no application of its own (POST)',
      value: recorder.voiceUrl,
    });
    new CfnOutput(this, 'WhenNotRecorded', {
      description: "Whether a number's fallback may be its application: not with refuse",
      value: configuration.whenNotRecorded,
    });
    if (configuration.control !== false) {
      new CfnOutput(this, 'ApiUrl', {
        description: 'Where operators see calls and control their recordings',
        value: recorder.apiUrl,
      });
    }
    if (recorder.policies) {
      new CfnOutput(this, 'ReadPolicyArn', {
        description: 'For whoever may see calls and their recordings',
        value: recorder.policies.read.managedPolicyArn,
      });
      new CfnOutput(this, 'ControlPolicyArn', {
        description: 'For whoever may start, pause, resume and stop recordings',
        value: recorder.policies.control.managedPolicyArn,
      });
    }
    if ('configurationId' in configuration.recording) {
      new CfnOutput(this, 'RecordingStatusUrl', {
        description: 'Status callback that the recording configuration has to name (POST, all events)',
        value: recorder.recordingStatusUrl,
      });
    }
    for (const [words, version] of Object.entries(recorder.textVersions)) {
      new CfnOutput(this, `${words}TextVersion`, {
        description: `Names the words of the ${words.toLowerCase()} in what is kept of a caller's consent`,
        value: version,
      });
    }
    new CfnOutput(this, 'PutSecretCommand', {
      description: 'Puts the Twilio credentials in, from a file that you delete afterwards',
      value: `aws secretsmanager put-secret-value --region ${this.region} --secret-id ${recorder.secret.secretArn} --secret-string file://twilio.json`,
    });
    new CfnOutput(this, 'SecretArn', {
      description: 'The secret with the Twilio credentials',
      value: recorder.secret.secretArn,
    });
    new CfnOutput(this, 'CallsInTheConsole', {
      description: 'One execution is one call',
      value: `https://${this.region}.console.aws.amazon.com/states/home?region=${this.region}#/statemachines/view/${recorder.stateMachine.stateMachineArn}`,
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      description: 'Subscribe to it whoever has to hear of alarms',
      value: recorder.alarmTopic.topicArn,
    });
    new CfnOutput(this, 'DashboardName', {
      description: 'How the recorder does, in CloudWatch',
      value: recorder.dashboard.dashboardName,
    });
    new CfnOutput(this, 'TableName', { description: 'The table of calls', value: recorder.table.tableName });
  }
}
