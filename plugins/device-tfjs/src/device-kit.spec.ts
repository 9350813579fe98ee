import * as framework from '@jest/globals';
import { describeDevice } from '@refold/testing';
import { testDevices } from './support/test-devices.js';

for (const [name, make] of testDevices()) describeDevice(name, make, { framework });
