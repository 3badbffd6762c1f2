// An app whose first line is all that it has of schedhint.

import 'schedhint/register';
import './plain.cjs';
