import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Alias, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { Schedule, ScheduleExpression, ScheduleGroup, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke as InvokeOnSchedule } from 'aws-cdk-lib/aws-scheduler-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { CloudFormationTemplate } from '../../../local/host/template.ts';

export interface SampleApp {
  readonly template: CloudFormationTemplate;
  readonly assemblyDirectory: string;
  /** Logical ids of the functions. */
  readonly functions: Readonly<Record<'echo' | 'work' | 'ask' | 'commonJs' | 'broken', string>>;
  /** Deletes the assembly. */
  remove(): void;
}

const MODULE = `
  import { request } from 'node:http';
  import { setTimeout as sleep } from 'node:timers/promises';

  const environment = Math.random();
  let invocations = 0;
  const attempts = {};

  export const echo = async (event) => event;

  export const work = async (event, context) => {
    invocations += 1;
    if (event.print) console.log(event.print);
    if (event.hang) await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (event.block) for (;;);
    if (event.exit) process.exit(3);
    if (event.print) console.log(event.print);
    attempts[event.key] = (attempts[event.key] ?? 0) + 1;
    if (event.failTimes >= attempts[event.key]) throw Object.assign(new Error('try again'), { name: event.errorName });
    if (event.reply) return { statusCode: 201, headers: { 'X-One': 1 }, cookies: ['a=1', 'b=2'], body: 'ok' };
    if (event.sleep) await sleep(event.sleep);
    const { getRemainingTimeInMillis, ...rest } = context;
    return { environment, invocations, attempts: attempts[event.key], retryCount: event.retryCount, variables: process.env, context: rest, remaining: getRemainingTimeInMillis() };
  };

  // Sends one request after the other, to AWS where there is a target.
  export const ask = async (event) => {
    const answers = [];
    for (const { url, service, target, body, timeout } of event.requests) {
      const { AWS_ACCESS_KEY_ID, AWS_REGION, ['AWS_ENDPOINT_URL' + service]: endpoint } = process.env;
      const credential = [AWS_ACCESS_KEY_ID, '20261124', AWS_REGION, 'any', 'aws4_request'].join('/');
      const headers = target && {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
        'x-amz-date': '20261124T120000Z',
        authorization: 'AWS4-HMAC-SHA256 Credential=' + credential + ', SignedHeaders=host, Signature=any',
      };
      answers.push(await new Promise((resolve) => {
        const outgoing = request(url ?? endpoint, { method: 'POST', headers, timeout }, async (response) => {
          const text = (await response.toArray()).join('');
          resolve([response.statusCode, target ? JSON.parse(text).__type : text]);
        });
        outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
        outgoing.on('error', (error) => resolve(error.message)).end(JSON.stringify(body));
      }));
    }
    return answers;
  };

  // Routes can only say what to do by their path.
  export const routed = async (event, context) => work({ [event.pathParameters.what]: true, failTimes: event.pathParameters.what === 'fail' ? 9 : 0 }, context);
`;

/**
 * A small application with everything that the host can host, synthesized into a temporary folder.
 *
 * @param jwtIssuer of the tokens for the routes below `/jwt`, whose audience is `sample`
 */
export function synthesizeSampleApp(jwtIssuer = 'https://issuer.example.com'): SampleApp {
  const folder = mkdtempSync(join(tmpdir(), 'host-test-'));
  const source = (name: string, files: Record<string, string>): Code => {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
    return Code.fromAsset(join(folder, name));
  };
  // As in this project, the folders above the assets say that .js files are ES modules.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const app = new App({ outdir: join(folder, 'cdk.out') });
  const stack = new Stack(app, 'Sample');

  const table = new TableV2(stack, 'Table', {
    partitionKey: { name: 'CallSid', type: AttributeType.STRING },
    sortKey: { name: 'Item', type: AttributeType.STRING },
    globalSecondaryIndexes: [{ indexName: 'Day', partitionKey: { name: 'Day', type: AttributeType.STRING } }],
  });
  const secret = new Secret(stack, 'Secret');
  const modules = source('modules', { 'index.mjs': MODULE });
  const api = new HttpApi(stack, 'Api');
  const define = (id: string, code: Code, handler: string, environment: Record<string, string> = {}) =>
    new LambdaFunction(stack, id, {
      runtime: Runtime.NODEJS_24_X,
      code,
      handler,
      environment,
      timeout: Duration.seconds(1),
      memorySize: 256,
    });
  const echo = define('Echo', modules, 'index.echo');
  const work = define('Work', modules, 'index.work', {
    TABLE_NAME: table.tableName,
    SECRET_ARN: secret.secretArn,
    API_URL: api.url ?? '',
    API_ENDPOINT: api.apiEndpoint,
  });
  const ask = define('Ask', modules, 'index.ask');
  const routed = define('Routed', modules, 'index.routed');
  const commonJs = define(
    'CommonJs',
    source('common', {
      'index.js': `const { answer } = require('./answer.js'); exports.handler = async () => answer;`,
      'answer.js': 'exports.answer = 42;',
    }),
    'index.handler',
  );
  const broken = define(
    'Broken',
    source('broken', { 'index.mjs': `throw new RangeError('no')` }),
    'index.handler',
  );

  const live = new Alias(stack, 'Live', { aliasName: 'live', version: echo.currentVersion });

  for (const [path, methods, handler] of [
    ['/echo', [HttpMethod.POST], echo],
    ['/echo/{name}', [HttpMethod.ANY], echo],
    ['/echo/fixed', [HttpMethod.GET], echo],
    ['/files/{proxy+}', [HttpMethod.GET], echo],
    ['/work/{what}', [HttpMethod.GET], routed],
    ['/live', [HttpMethod.POST], live],
  ] as const) {
    api.addRoutes({
      path,
      methods: [...methods],
      integration: new HttpLambdaIntegration(`${path}${methods}`, handler),
    });
  }

  const jwtAuthorizer = new HttpJwtAuthorizer('Tokens', jwtIssuer, { jwtAudience: ['sample'] });
  for (const [path, methods, authorizer, authorizationScopes] of [
    ['/iam/{name}', [HttpMethod.GET, HttpMethod.POST], new HttpIamAuthorizer(), undefined],
    ['/jwt', [HttpMethod.GET], jwtAuthorizer, undefined],
    ['/jwt/{name}', [HttpMethod.GET], jwtAuthorizer, ['calls.read', 'calls.write']],
  ] as const) {
    api.addRoutes({
      path,
      methods: [...methods],
      integration: new HttpLambdaIntegration(path, echo),
      authorizer,
      ...(authorizationScopes && { authorizationScopes: [...authorizationScopes] }),
    });
  }
  for (const [name, method] of [
    ['Read', 'GET'],
    ['Control', 'POST'],
  ] as const) {
    const policy = new ManagedPolicy(stack, `${name}Policy`, {
      statements: [
        new PolicyStatement({
          actions: ['execute-api:Invoke'],
          resources: [api.arnForExecuteApi(method, '/iam/*', '$default')],
        }),
      ],
    });
    new CfnOutput(stack, `${name}PolicyArn`, { value: policy.managedPolicyArn });
  }

  const invoke = new LambdaInvoke(stack, 'Invoke', {
    lambdaFunction: work,
    payload: sfn.TaskInput.fromObject({
      'key.$': '$$.Execution.Name',
      'failTimes.$': '$.failTimes',
      'errorName.$': '$.errorName',
      'hang.$': '$.hang',
      'retryCount.$': '$$.State.RetryCount',
    }),
    retryOnServiceExceptions: false,
    resultSelector: { 'attempts.$': '$.Payload.attempts', 'retryCount.$': '$.Payload.retryCount' },
    resultPath: '$.result',
  });
  invoke.addRetry({ errors: ['TryAgain'], maxAttempts: 2, interval: Duration.seconds(1), backoffRate: 1 });
  invoke.addCatch(new sfn.Pass(stack, 'TimedOut'), { errors: ['Sandbox.Timedout'], resultPath: '$.caught' });
  invoke.addCatch(new sfn.Fail(stack, 'Refused', { error: 'Refused', cause: 'by name' }), {
    errors: ['Refusal'],
  });
  const machine = new sfn.StateMachine(stack, 'Machine', {
    definitionBody: sfn.DefinitionBody.fromChainable(
      new sfn.Choice(stack, 'HasName')
        .when(
          sfn.Condition.isNotPresent('$.failTimes'),
          new sfn.Wait(stack, 'Forever', {
            time: sfn.WaitTime.duration(Duration.hours(1)),
          }).next(new sfn.Succeed(stack, 'Never')),
        )
        .otherwise(
          invoke.next(
            new sfn.Pass(stack, 'Context', {
              parameters: {
                'result.$': '$.result',
                'name.$': '$$.Execution.Name',
                'state.$': '$$.State.Name',
                'input.$': '$$.Execution.Input',
                'machine.$': '$$.StateMachine.Name',
              },
            }),
          ),
        ),
    ),
  });
  const failures = new Queue(stack, 'Failures', { queueName: 'failures', enforceSSL: true });
  routed.configureAsyncInvoke({ retryAttempts: 0, onFailure: new SqsDestination(failures) });
  new Schedule(stack, 'Hourly', {
    schedule: ScheduleExpression.rate(Duration.hours(1)),
    scheduleGroup: new ScheduleGroup(stack, 'Schedules'),
    target: new InvokeOnSchedule(routed, {
      deadLetterQueue: failures,
      input: ScheduleTargetInput.fromObject({ pathParameters: { what: 'fail' } }),
    }),
  });
  new CfnOutput(stack, 'MachineArn', { value: machine.stateMachineArn });
  new CfnOutput(stack, 'SecretArn', { value: secret.secretArn });
  new CfnOutput(stack, 'Url', { value: api.url ?? '' });

  const { directory, stacks } = app.synth();
  const templateFile = stacks[0]?.templateFullPath ?? '';
  const logicalId = (of: LambdaFunction) => stack.getLogicalId(of.node.defaultChild as never);
  return {
    template: JSON.parse(readFileSync(templateFile, 'utf8')),
    assemblyDirectory: directory,
    functions: {
      echo: logicalId(echo),
      work: logicalId(work),
      ask: logicalId(ask),
      commonJs: logicalId(commonJs),
      broken: logicalId(broken),
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
