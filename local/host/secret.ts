import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';

/** A secret with one current value. */
export class Secret {
  readonly #arn: string;
  readonly #name: string;
  #value: string;
  #versionId: string = randomUUID();
  #createdAt = Date.now();

  constructor(arn: string, name: string, value: string) {
    this.#arn = arn;
    this.#name = name;
    this.#value = value;
  }

  /** Later reads answer this as a new version. */
  setValue(value: string): void {
    this.#value = value;
    this.#versionId = randomUUID();
    this.#createdAt = Date.now();
  }

  /**
   * @param id the name, the ARN, or the ARN without its random suffix
   * @throws AwsError ResourceNotFoundException
   * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
   */
  getSecretValue(id: string, stage = 'AWSCURRENT', versionId = this.#versionId): Record<string, unknown> {
    if (![this.#arn, this.#name, this.#arn.replace(/-\w{6}$/, '')].includes(id)) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    if (stage !== 'AWSCURRENT' || versionId !== this.#versionId) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for staging label: ${stage}`,
      );
    }
    return {
      ARN: this.#arn,
      CreatedDate: this.#createdAt / 1000,
      Name: this.#name,
      SecretString: this.#value,
      VersionId: this.#versionId,
      VersionStages: ['AWSCURRENT'],
    };
  }
}
