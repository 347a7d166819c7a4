-- Every try writes its counters: an index by age was written with each. They are swept by their keys.
DROP INDEX throttle_age;
