import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Platform } from '../platform.ts';
import { awsClientOptions } from './options.ts';

export const dynamoDb: Platform['dynamoDb'] = (...timing) => new DynamoDBClient(awsClientOptions(...timing));
