/** Runs in each test file, before its tests are declared. */
import { afterAll } from '@jest/globals';
import { runOpenTeardowns } from '../teardown.js';

afterAll(runOpenTeardowns);
