import { Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface WebhookApiProps {
  readonly description: string;
}

/** The HTTP API that Twilio calls. Its endpoint is known before its routes, since functions need it. */
export class WebhookApi extends Construct {
  /** Scheme and host, without a path. */
  readonly endpoint: string;
  readonly #api: HttpApi;

  constructor(scope: Construct, id: string, props: WebhookApiProps) {
    super(scope, id);
    this.#api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      description: props.description,
    });
    this.endpoint = this.#api.apiEndpoint;
  }

  /** Answers POST requests on these paths with a function. */
  post(id: string, paths: readonly string[], handler: IFunction): void {
    const integration = new HttpLambdaIntegration(id, handler);
    for (const path of paths) {
      this.#api.addRoutes({ path, methods: [HttpMethod.POST], integration });
    }
  }
}
