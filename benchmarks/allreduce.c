/* All-reduce as the OSU micro-benchmarks measure it (osu_allreduce): a loop between barriers. For benchmarks/ranks.mjs.
 *   mpicc -O2 allreduce.c -o allreduce && mpirun -n 2 ./allreduce 9130000 20
 * Rank 0 prints the milliseconds of each turn as JSON. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  const int count = atoi(argv[1]), turns = atoi(argv[2]);
  int rank;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  float* values = malloc(sizeof(float) * (size_t)count);
  for (int i = 0; i < count; i++) values[i] = 1;
  if (rank == 0) printf("[");
  for (int turn = -2; turn < turns; turn++) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0 && turn >= 0) printf("%s%f", turn > 0 ? "," : "", 1e3 * (MPI_Wtime() - start));
  }
  if (rank == 0) printf("]\n");
  MPI_Finalize();
  return 0;
}
