/* Philosophers who eat for ever, the last one reversed: every state, and no deadlock. */
bool held[N];

active [N] proctype philosopher() {
  byte first = (_pid == N - 1 -> 0 : _pid);
  byte second = (_pid == N - 1 -> N - 1 : _pid + 1);
  do
  :: d_step { !held[first] -> held[first] = true };
     d_step { !held[second] -> held[second] = true };
     held[second] = false;
     held[first] = false
  od
}
