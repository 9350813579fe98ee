import * as framework from '@jest/globals';
import { describeDevice } from '@refold/testing';
import { testDevices } from './spec-kit/test-devices.js';

for (const [name, make] of testDevices()) describeDevice(name, make, { framework });
