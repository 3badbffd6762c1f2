// Uses all of a CPU, until it is killed: a neighbour.

for (;;);
